from payments.models.cards import Card
from payments.models.connections import GatewayConnection, GatewayCustomer
from payments.models.events import GatewayEvent
from payments.models.transactions import Transaction

__all__ = ["Card", "GatewayConnection", "GatewayCustomer", "GatewayEvent", "Transaction"]
