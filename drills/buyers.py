"""Buyers over HTTP: they sign in, fill in the real forms, and write down what they are told."""

from __future__ import annotations

import base64
import json
import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from drills.journal import ADDED, Journal
from drills.people import PASSWORD

ANSWER_SECONDS = 12
SIGN_IN_SECONDS = 60  # before anything is measured
THINK_SECONDS = 0.1
CLICKS = 5
ADDRESSES = count(2)
PURCHASE = re.compile(r"/purchases/([0-9a-f-]{36})/")
BILL = re.compile(r"/bills/(\d+)/")
NOT_YET = "checking"


class Form(HTMLParser):
    """What a browser would send of a page's only form: hidden fields and checked choices."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag != "input" or not name:
            return
        if given.get("type") == "radio":
            self.choices.setdefault(name, []).append(value)
        if given.get("type") == "hidden" or "checked" in given:
            self.fields[name] = value


@dataclass
class Buyer:
    url: str  # of the location
    email: str
    kind: str
    journal: Journal
    option: int
    bills: list[int] = field(default_factory=list)
    clicks: int = 1

    def __post_init__(self) -> None:
        self.http = requests.Session()
        number = next(ADDRESSES)  # each at a computer of their own
        address = f"127.0.{number // 250}.{number % 250 + 1}"
        adapter = HTTPAdapter(pool_maxsize=CLICKS)
        adapter.init_poolmanager(CLICKS, CLICKS, source_address=(address, 0))
        self.http.mount("http://", adapter)

    def sign_in(self) -> None:
        page = self.http.get(self._at("/accounts/login/"), timeout=SIGN_IN_SECONDS)
        form = Form(page.text).fields | {"login": self.email, "password": PASSWORD}
        answer = self.http.post(page.url, data=form, timeout=SIGN_IN_SECONDS)
        assert "/accounts/login/" not in answer.url, f"{self.email} could not sign in"

    def _at(self, path: str) -> str:
        return "/".join(self.url.split("/", 3)[:3]) + path

    def buy(self) -> None:
        """Do what a person does who wants one thing: ask, and look again while it is checked."""
        if self.kind == "payer":
            self._pay_next_bill()
        else:
            self._order(f"{self.url}membership/credits/buy/{self.option}/")

    def _order(self, checkout: str) -> None:
        page = self._get(checkout)
        if page is None:
            return
        if found := PURCHASE.search(page.url):
            self._look(found[1], page)
            return
        form = Form(page.text)
        if "quote" not in form.fields:
            return
        key = key_in(form.fields["quote"])
        sends = form.fields | {"method": self.kind}
        if self.kind == "card":
            sends["card"] = next(card for card in form.choices["card"] if card.isdecimal())
        self._send(page.url, sends, key=key, kind=self.kind)

    def _pay_next_bill(self) -> None:
        if not self.bills:
            return
        key = f"bill:{self.bills[0]}"
        page = self._get(f"{self.url}membership/bills/{self.bills[0]}/pay/")
        if page is None:
            return
        if not page.url.endswith("/pay/"):
            self._look(key, page)
            return
        form = Form(page.text)
        card = next((card for card in form.choices.get("card", []) if card.isdecimal()), None)
        if card:
            self._send(page.url, form.fields | {"card": card}, key=key, kind="pay bill")

    def _send(self, url: str, sends: dict[str, str], *, key: str, kind: str) -> None:
        def click() -> None:
            since = self.journal.will_ask(key, kind=kind)
            try:
                answer = self.http.post(url, data=sends, timeout=ANSWER_SECONDS)
            except requests.RequestException:
                self.journal.was_told(key, "no answer", since=since)
                return
            self._hear(key, answer, since=since)

        if self.clicks == 1:
            click()
            return
        with ThreadPoolExecutor(self.clicks) as fingers:
            for clicked in [fingers.submit(click) for _ in range(self.clicks)]:
                clicked.result()

    def _hear(self, key: str, answer: requests.Response, *, since: float) -> None:
        said = self.reading(answer)
        self.journal.was_told(key, said, since=since)
        if said == ADDED and key.startswith("bill:") and self.bills[:1] == [int(key[5:])]:
            self.bills.pop(0)

    def _look(self, key: str, page: requests.Response) -> None:
        """Note what the page of an earlier attempt says by now."""
        self._hear(key, page, since=self.journal.will_ask(key, kind="look"))

    def reading(self, answer: requests.Response) -> str:
        if answer.status_code != requests.codes.ok:
            return str(answer.status_code)
        if "credits added" in answer.text and PURCHASE.search(answer.url):
            return ADDED
        if "/payments/" in answer.url or PURCHASE.search(answer.url):
            return NOT_YET
        if BILL.search(answer.url) and "/pay/" not in answer.url:
            return ADDED if "Paid on" in answer.text else NOT_YET
        return "refused"

    def _get(self, url: str) -> requests.Response | None:
        try:
            answer = self.http.get(url, timeout=ANSWER_SECONDS)
        except requests.RequestException:
            return None
        return answer if answer.status_code == requests.codes.ok else None


def key_in(ticket: str) -> str:
    """Read the purchase's key in a sealed ticket: it is signed, and no secret."""
    packed = ticket.rsplit(":", 2)[0]
    data = packed.lstrip(".")
    raw = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    facts: dict[str, Any] = json.loads(zlib.decompress(raw) if packed.startswith(".") else raw)
    key: str = facts["key"]
    return key


class Crowd:
    """Buyers who buy on until they are told to stop, each in a thread of their own."""

    def __init__(self, buyers: list[Buyer]) -> None:
        self.buyers = buyers
        self.over = threading.Event()
        self.failures: list[BaseException] = []
        self.threads = [threading.Thread(target=self._live, args=(it,)) for it in buyers]

    def _live(self, buyer: Buyer) -> None:
        try:
            while not self.over.wait(THINK_SECONDS):
                buyer.buy()
        except Exception as trouble:  # noqa: BLE001 - raised where the drill runs
            self.failures.append(trouble)

    def __enter__(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


def sign_in_all(buyers: list[Buyer]) -> None:
    with ThreadPoolExecutor(len(buyers)) as pool:
        list(pool.map(Buyer.sign_in, buyers))
