"""The demo's two locations and the people in them."""

from dataclasses import dataclass
from decimal import Decimal

PASSWORD = "deskmint-demo"  # noqa: S105 - public on purpose, see load_demo's guard


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    does: str = ""


@dataclass(frozen=True)
class Offer:
    """A credit option. Credits are whole here, the price is in minor units."""

    credits: int
    price_minor: int
    expiry_months: int | None = None


@dataclass(frozen=True)
class Use:
    name: str
    credits: Decimal
    icon: str


@dataclass(frozen=True)
class PlanOffer:
    """A plan; price in minor units, credits whole."""

    name: str
    price_minor: int
    discount_percent: int = 0
    monthly_credits: int = 0
    free_claims: int | None = None


@dataclass(frozen=True)
class Details:
    """How documents name somebody."""

    address: str
    name: str = ""
    vat_number: str = ""
    emails: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class Studio:
    """A company: a manager, a member without permission, one who may use card and bill."""

    name: str
    manager: Person
    member: Person
    permitted: Person
    details: Details


@dataclass(frozen=True)
class Place:
    slug: str
    name: str
    currency: str
    time_zone: str
    tax_name: str
    tax_percent: Decimal
    tax_included: bool
    legal_name: str
    address: str
    vat_number: str
    document_prefix: str
    admin: Person
    staff: Person | None
    star: Person
    crowd: tuple[Person, ...]
    offers: tuple[Offer, ...]
    dropped: Offer
    uses: tuple[Use, ...]
    visits: tuple[tuple[str, Decimal], ...]
    plans: tuple[PlanOffer, ...] = ()
    studio: Studio | None = None
    founder: Person | None = None
    star_details: Details | None = None
    api_key: str = ""
    bank: str = ""  # where buyers transfer to

    @property
    def newcomers(self) -> tuple[Person, ...]:
        """Members who came last, for a plan of their own or their company's."""
        studio = self.studio
        team = (studio.manager, studio.member, studio.permitted) if studio else ()
        return (*team, self.founder) if self.founder else team

    @property
    def debtor(self) -> Person:
        """The member with a plan whose bills are overdue."""
        return self.crowd[1]

    @property
    def people(self) -> tuple[Person, ...]:
        """The members; the admin and the staff are none."""
        return (self.star, *self.crowd)

    @property
    def sleeper(self) -> Person:
        """The member whose membership is suspended."""
        return self.crowd[-4]


def _crowd(domain: str, names: str) -> tuple[Person, ...]:
    """People from lines of address and name."""
    pairs = (line.split(maxsplit=1) for line in names.strip().splitlines())
    return tuple(Person(f"{local}@{domain}", name) for local, name in pairs)


HARBOUR = Place(
    slug="harbour",
    name="Harbour Loft",
    currency="EUR",
    time_zone="Europe/Berlin",
    tax_name="VAT",
    tax_percent=Decimal(20),
    tax_included=False,
    legal_name="Harbour Loft GmbH",
    address="Am Kai 7\n20457 Hamburg\nGermany",
    vat_number="DE312456789",
    document_prefix="HL",
    api_key="dm_harbour-demo-key-that-everybody-knows",
    bank="Harbour Loft GmbH\nDE02 1203 0000 0000 2020 51\nHafenbank Hamburg",
    admin=Person("admin@harbour.demo", "Nora Lind", "admin of Harbour Loft"),
    staff=Person("staff@harbour.demo", "Jonas Brandt", "staff of Harbour Loft"),
    star=Person("mia@harbour.demo", "Mia Holm", "member of Harbour Loft"),
    crowd=_crowd(
        "harbour.demo",
        """
        ada Ada Okafor
        ben Ben Wolff
        chiara Chiara Doria
        david David Petrov
        elif Elif Şahin
        emma Emma Lindqvist
        felix Felix Sommer
        greta Greta Haas
        hugo Hugo Marchand
        rita Rita Carvalho
        jonas Jonas Kuhn
        katarzyna Katarzyna Wójcik
        lars Lars Dahl
        leila Leila Haddad
        luca Luca Romano
        marek Marek Novák
        nadia Nadia Benali
        oskar Oskar Brenner
        paula Paula Jiménez
        priya Priya Nair
        ruth Ruth Abebe
        sofia Sofia Varga
        soren Søren Kjær
        tomas Tomas Reyes
        yara Yara Santos
        """,
    ),
    offers=(Offer(10, 1000), Offer(25, 2400), Offer(50, 4500), Offer(100, 8500, 12)),
    dropped=Offer(5, 550, 3),
    uses=(
        Use("Hot desk, a day", Decimal(4), "lamp-desk"),
        Use("Dock Room, an hour", Decimal(3), "presentation"),
        Use("Phone booth, an hour", Decimal(1), "phone-call"),
        Use("Print, 20 pages", Decimal("0.5"), "printer"),
    ),
    visits=(
        ("Hot desk, a day", Decimal(4)),
        ("Dock Room, an hour", Decimal(3)),
        ("Dock Room, 2 hours", Decimal(6)),
        ("Phone booth, an hour", Decimal(1)),
        ("Printing, 60 pages", Decimal("1.5")),
    ),
    plans=(
        PlanOffer("Flex", 2900),
        PlanOffer("Resident", 19900, discount_percent=25, monthly_credits=20),
        PlanOffer("Founders", 4900, discount_percent=100, free_claims=1),
    ),
    studio=Studio(
        "Studio North",
        manager=Person("carl@harbour.demo", "Carl North", "manager of Studio North"),
        member=Person("cora@harbour.demo", "Cora Blum", "in Studio North, without permission"),
        permitted=Person("cleo@harbour.demo", "Cleo Marín", "may use Studio North's card and bill"),
        details=Details(
            name="Studio North ApS",
            address="Vestergade 12\n1456 København K\nDenmark",
            vat_number="DK13585628",
            emails=("accounts@harbour.demo",),
            reference="PO-2026-117",
        ),
    ),
    founder=Person("fay@harbour.demo", "Fay Ostergaard", "member with the plan Founders"),
    star_details=Details(address="Große Freiheit 12\n22767 Hamburg\nGermany"),
)

GARDEN = Place(
    slug="garden",
    name="Garden House",
    currency="JPY",
    time_zone="Asia/Tokyo",
    tax_name="Consumption tax",
    tax_percent=Decimal(10),
    tax_included=True,
    legal_name="Garden House K.K.",
    address="2-14-5 Kagurazaka\nShinjuku-ku, Tokyo 162-0825\nJapan",
    vat_number="T3010401123456",
    document_prefix="GH",
    admin=Person("admin@garden.demo", "Haruka Sato", "admin of Garden House"),
    staff=None,
    star=Person("yuki@garden.demo", "Yuki Tanaka", "member of Garden House"),
    crowd=_crowd(
        "garden.demo",
        """
        aiko Aiko Yamamoto
        akira Akira Kobayashi
        asami Asami Fujita
        chen Chen Wei
        daichi Daichi Nakamura
        emi Emi Watanabe
        eun-ji Park Eun-ji
        hana 山田 花
        haruto Haruto Suzuki
        hiro Hiro Kato
        kaori Kaori Matsuda
        kei Kei Yoshida
        kenji Kenji Mori
        linh Nguyễn Thị Linh
        mai Mai Inoue
        mei Mei Shimizu
        naoki Naoki Hayashi
        oliver Oliver Grant
        ren Ren Ito
        rina Rina Okada
        sakura Sakura Abe
        sota Sota Ishii
        takumi Takumi Ogawa
        yui Yui Hasegawa
        """,
    ),
    offers=(Offer(10, 1500), Offer(25, 3500), Offer(50, 6500), Offer(100, 12000, 12)),
    dropped=Offer(5, 800, 3),
    uses=(
        Use("Garden desk, a day", Decimal(4), "lamp-desk"),
        Use("Maple Room, an hour", Decimal(3), "presentation"),
        Use("Phone booth, an hour", Decimal(1), "phone-call"),
        Use("Print, 20 pages", Decimal("0.5"), "printer"),
    ),
    visits=(
        ("Garden desk, a day", Decimal(4)),
        ("Maple Room, an hour", Decimal(3)),
        ("Maple Room, 2 hours", Decimal(6)),
        ("Phone booth, an hour", Decimal(1)),
        ("Printing, 40 pages", Decimal(1)),
    ),
)

PLACES = (HARBOUR, GARDEN)
OPERATOR = Person("operator@harbour.demo", "Olivia Marsh", "operator: the admin site")
VISITOR = Person("noah@harbour.demo", "Noah Berg", "signed in, member of no location")


def log_ins() -> list[Person]:
    """Those who are worth signing in as."""
    staff = HARBOUR.staff
    assert staff
    return [
        HARBOUR.admin,
        staff,
        HARBOUR.star,
        *HARBOUR.newcomers,
        VISITOR,
        OPERATOR,
        GARDEN.admin,
        GARDEN.star,
    ]
