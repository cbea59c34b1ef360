from datetime import datetime

from django.db import transaction

from community.models import User
from community.services.audit import record_audit
from payments.models import GatewayConnection
from payments.services.connecting import GatewayGone


@transaction.atomic
def move_gateway(*, connection: GatewayConnection, to: int, by: User, at: datetime) -> None:
    """Move a connected gateway to a place at checkout, counted from 0.

    :raises GatewayGone: if it was disconnected meanwhile
    """
    rows = GatewayConnection.objects.connected().select_related("location")
    order = list(rows.select_for_update(no_key=True, of=("self",)))
    if connection not in order:
        raise GatewayGone
    from_ = order.index(connection)
    order.insert(max(0, min(to, len(order) - 1)), order.pop(from_))
    for position, row in enumerate(order, start=1):
        row.position = position
        row.save(update_fields=["position"])
    if (place := order.index(connection)) != from_:
        record_audit(
            location=order[place].location,
            by=by,
            action="gateway moved",
            subject=connection.gateway,
            at=at,
            before={"position": from_ + 1},
            after={"position": place + 1},
        )
