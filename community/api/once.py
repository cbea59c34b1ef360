"""Idempotency-Key: the same request sent again is answered again, and nothing happens twice."""

import json
from collections.abc import Callable
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.http import Http404
from django.utils.timezone import now
from psycopg.errors import LockNotAvailable
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import caller_of
from community.api.documents import CONTENT_TYPE
from community.api.problems import KeyMissing, KeyReused, StillWorking, refused
from community.models import ApiAnswer
from community.services.answers import claim_answer, keep_answer, let_go, take_over

HEADER = "Idempotency-Key"
LONGEST = 80
Work = Callable[[], Response]


def once(request: Request, work: Work) -> Response:
    """Do the work and keep its answer in one transaction, or give the answer it had before.

    What the domain refuses is an answer too. A rival with the same key waits for the first one.
    """
    try:
        with transaction.atomic():
            answer, is_mine = _claim(request)
            if not is_mine:
                return _again(answer)
            return _kept(answer, _worked(lambda: _undone_if_refused(work)))
    except OperationalError as late:
        if isinstance(late.__cause__, LockNotAvailable):
            raise StillWorking from late
        raise


def once_in_steps(request: Request, work: Work) -> Response:
    """As `once`, for work that calls a gateway: no transaction is open around it.

    The work must be safe to repeat. It is, if a request died before its answer was kept.
    """
    with transaction.atomic():
        answer, is_mine = _claim(request)
    if not is_mine and answer.status is not None:
        return _again(answer)
    if not is_mine and not take_over(answer=answer, at=now()):
        raise StillWorking
    try:
        response = _worked(work)
    except (APIException, Http404):
        let_go(answer=answer)
        raise
    with transaction.atomic():
        return _kept(answer, response)


def _claim(request: Request) -> tuple[ApiAnswer, bool]:
    key = request.headers.get(HEADER, "")
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise KeyMissing
    fingerprint = _fingerprint(request)
    try:
        answer, is_mine = claim_answer(
            holder=caller_of(request).holder, key=key, fingerprint=fingerprint, at=now()
        )
    except ApiAnswer.DoesNotExist as gone:
        raise StillWorking from gone
    if answer.fingerprint != fingerprint:
        raise KeyReused
    return answer, is_mine


def _fingerprint(request: Request) -> str:
    """Two bodies that say the same are the same, however they are spaced."""
    body = json.dumps(request.data, sort_keys=True)
    return sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _worked(work: Work) -> Response:
    try:
        return work()
    except ValidationError as refusal:
        return refused(refusal)


def _undone_if_refused(work: Work) -> Response:
    with transaction.atomic():
        return work()


def _kept(answer: ApiAnswer, response: Response) -> Response:
    body = JSONRenderer().render(response.data).decode()
    keep_answer(answer=answer, status=response.status_code, body=body)
    return response


def _again(answer: ApiAnswer) -> Response:
    assert answer.status is not None
    content_type = CONTENT_TYPE if answer.status >= 400 else None  # noqa: PLR2004
    return Response(
        json.loads(answer.body),
        status=answer.status,
        headers={"Idempotent-Replayed": "true"},
        content_type=content_type,
    )
