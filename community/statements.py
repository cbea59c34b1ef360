"""The SQL that every page begins with."""

from community.models import Location

# The user's locations, and the one that the address names, whether or not they belong to it.
SELECT_PLACES = """
WITH place AS (
    SELECT location_id AS id FROM community_member WHERE user_id = %(user)s
    UNION SELECT location_id FROM community_role WHERE user_id = %(user)s
    UNION SELECT id FROM community_location WHERE slug = %(slug)s
)
SELECT {columns}, member.id AS member_id, member.state AS member_state,
       customer.id AS customer_id, role.kind AS role, logo.digest AS logo_digest,
       (SELECT bool_and(NOT gateway.livemode) FROM payments_gatewayconnection gateway
        WHERE gateway.location_id = location.id AND gateway.state = 'connected') AS test_mode,
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


def select_places(*, user_id: int, slug: str = "") -> list[Location]:
    """Those locations by name, each with what the user is there.

    `test_mode`: it takes payments, and none of them with real money.
    """
    return list(Location.objects.raw(_with_columns(SELECT_PLACES), {"user": user_id, "slug": slug}))


def _with_columns(sql: str) -> str:
    # Named one by one: the plan of a prepared `*` fails as soon as a column is added.
    fields = Location._meta.concrete_fields  # noqa: SLF001
    columns = (f"location.{field.column}" for field in fields)
    return sql.format(columns=", ".join(columns))
