from credits.models.holds import HeldLot, Hold
from credits.models.ledger import Entry, Wallet
from credits.models.lots import Lot, LotMovement
from credits.models.options import CreditOption, CreditUse

__all__ = ["CreditOption", "CreditUse", "Entry", "HeldLot", "Hold", "Lot", "LotMovement", "Wallet"]
