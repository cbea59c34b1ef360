from payments.models.alarms import Alarm
from payments.models.auto_pay import AutoPay
from payments.models.card_tries import CardTry
from payments.models.cards import Card
from payments.models.connections import GatewayConnection, GatewayCustomer
from payments.models.events import GatewayEvent
from payments.models.reviews import ReviewCase
from payments.models.transactions import Transaction

__all__ = [
    "Alarm",
    "AutoPay",
    "Card",
    "CardTry",
    "GatewayConnection",
    "GatewayCustomer",
    "GatewayEvent",
    "ReviewCase",
    "Transaction",
]
