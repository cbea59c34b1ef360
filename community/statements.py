"""The SQL that every page and every request of the API begins with."""

from datetime import datetime

from django.db.models import Model

from community.database import fetch_row, loaded
from community.models import ApiKey, Location

# A transfer moves real money, and yet says nothing of the gateways that don't.
IN_TEST_MODE = """
SELECT bool_and(NOT gateway.livemode) FROM payments_gatewayconnection gateway
WHERE gateway.location_id = {location} AND gateway.state = 'connected'
  AND gateway.gateway <> 'bank_transfer'
""".strip()

# The user's locations, and the one that the address names, whether or not they belong to it.
SELECT_PLACES = """
WITH place AS (
    SELECT location_id AS id FROM community_member WHERE user_id = %(user)s
    UNION SELECT location_id FROM community_role WHERE user_id = %(user)s
    UNION SELECT id FROM community_location WHERE slug = %(slug)s
)
SELECT {columns}, member.id AS member_id, member.state AS member_state,
       customer.id AS customer_id, role.kind AS role, logo.digest AS logo_digest,
       ({test_mode}) AS test_mode,
       (SELECT json_agg(json_build_array(company.id, payer.id, company.name, person.role,
                                         person.may_use_card, person.may_use_bill, company.state)
                        ORDER BY company.name)
        FROM community_companymember person
        JOIN community_company company ON company.id = person.company_id
        JOIN community_customer payer ON payer.company_id = company.id
        WHERE person.member_id = member.id AND location.slug = %(slug)s) AS standings
FROM place
JOIN community_location location ON location.id = place.id
LEFT JOIN community_member member ON member.location_id = place.id AND member.user_id = %(user)s
LEFT JOIN community_customer customer ON customer.member_id = member.id
LEFT JOIN community_role role ON role.location_id = place.id AND role.user_id = %(user)s
LEFT JOIN community_locationlogo logo ON logo.location_id = place.id
ORDER BY location.name
"""

# A key is looked for before there is a location: its hash says which.
SELECT_KEY = """
SELECT {columns}, {key_columns} FROM community_apikey key
JOIN community_location location ON location.id = key.location_id
WHERE key.digest = %s
"""

INSERT_ANSWER = """
INSERT INTO community_apianswer
    (location_id, api_key_id, user_id, key, fingerprint, claimed_at, body)
VALUES (%s, %s, %s, %s, %s, %s, '')
ON CONFLICT DO NOTHING
RETURNING id
"""


def select_places(*, user_id: int, slug: str = "") -> list[Location]:
    """Those locations by name, each with what the user is there.

    `test_mode`: it takes payments, and none of them with real money.
    """
    return list(Location.objects.raw(_with_columns(SELECT_PLACES), {"user": user_id, "slug": slug}))


def is_in_test_mode(location_id: int) -> bool:
    """Whether it takes payments, and none of them with real money."""
    answer = fetch_row(IN_TEST_MODE.format(location="%s"), [location_id])
    return bool(answer and answer[0])


def select_key(digest: str) -> ApiKey | None:
    """The key with this hash, whatever its state, with its location."""
    sql = _with_columns(SELECT_KEY, key_columns=_columns(ApiKey, "key"))
    row = fetch_row(sql, [digest])
    if row is None:
        return None
    places, keys = (
        [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001
        for model in (Location, ApiKey)
    )
    key = loaded(ApiKey, dict(zip(keys, row[len(places) :], strict=True)))
    key.location = loaded(Location, dict(zip(places, row, strict=False)))
    return key


def insert_answer(
    *,
    location_id: int,
    api_key_id: int | None,
    user_id: int | None,
    key: str,
    fingerprint: str,
    at: datetime,
) -> int | None:
    """Claim a holder's idempotency key; None if it was claimed already, once that is certain."""
    row = fetch_row(INSERT_ANSWER, [location_id, api_key_id, user_id, key, fingerprint, at])
    return row[0] if row else None


def _with_columns(sql: str, **more: str) -> str:
    # Named one by one: the plan of a prepared `*` fails as soon as a column is added.
    columns = _columns(Location, "location")
    test_mode = IN_TEST_MODE.format(location="location.id")
    return sql.format(columns=columns, test_mode=test_mode, **more)


def _columns(model: type[Model], table: str) -> str:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
    return ", ".join(f"{table}.{field.column}" for field in fields)
