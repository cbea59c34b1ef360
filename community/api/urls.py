"""The addresses of the API, version 1. The URLconf imports this when the first request comes."""

from django.urls import path

from analytics.api import RevenueView
from community.api import people, reading
from credits.api import ledger, spending
from membership.api import bills, buying, plans
from payments import api as money

app_name = "api"
urlpatterns = [
    path("schema", reading.schema, name="schema"),
    path("docs", reading.docs, name="docs"),
    path("location", people.LocationView.as_view(), name="location"),
    path("members", people.MemberList.as_view(), name="members"),
    path("members/<int:pk>", people.MemberDetail.as_view(), name="member"),
    path("companies", people.CompanyList.as_view(), name="companies"),
    path("companies/<int:pk>", people.CompanyDetail.as_view(), name="company"),
    path("customers", people.CustomerList.as_view(), name="customers"),
    path("customers/<int:pk>", people.CustomerDetail.as_view(), name="customer"),
    path("customers/<int:pk>/wallet", ledger.WalletDetail.as_view(), name="wallet"),
    path("options", ledger.OptionList.as_view(), name="options"),
    path("entries", ledger.EntryList.as_view(), name="entries"),
    path("entries/<int:pk>", ledger.EntryDetail.as_view(), name="entry"),
    path("lots", ledger.LotList.as_view(), name="lots"),
    path("spends", spending.Spends.as_view(), name="spends"),
    path("spends/<int:pk>/reverse", spending.ReverseSpend.as_view(), name="reverse_spend"),
    path("holds", spending.HoldList.as_view(), name="holds"),
    path("holds/<int:pk>", spending.HoldDetail.as_view(), name="hold"),
    path("holds/<int:pk>/capture", spending.CaptureHold.as_view(), name="capture_hold"),
    path("holds/<int:pk>/release", spending.ReleaseHold.as_view(), name="release_hold"),
    path("quotes", buying.Quotes.as_view(), name="quotes"),
    path("purchases", buying.PurchaseList.as_view(), name="purchases"),
    path("purchases/<uuid:key>", buying.PurchaseDetail.as_view(), name="purchase"),
    path("cards", money.CardList.as_view(), name="cards"),
    path("plans", plans.PlanList.as_view(), name="plans"),
    path("assignments", plans.AssignmentList.as_view(), name="assignments"),
    path("customers/<int:pk>/plan/end", plans.EndPlan.as_view(), name="end_plan"),
    path("bills", bills.BillList.as_view(), name="bills"),
    path("bills/<int:pk>", bills.BillDetail.as_view(), name="bill"),
    path("bills/<int:pk>/items", bills.BillItems.as_view(), name="bill_items"),
    path("bills/<int:pk>/pdf", bills.BillPdf.as_view(), name="bill_pdf"),
    path("receipts", bills.ReceiptList.as_view(), name="receipts"),
    path("receipts/<int:pk>", bills.ReceiptDetail.as_view(), name="receipt"),
    path("receipts/<int:pk>/pdf", bills.ReceiptPdf.as_view(), name="receipt_pdf"),
    path("transactions", money.TransactionList.as_view(), name="transactions"),
    path("transactions/<uuid:key>", money.TransactionDetail.as_view(), name="transaction"),
    path("revenue", RevenueView.as_view(), name="revenue"),
    path("<path:rest>", reading.NotThere.as_view(), name="not_there"),
]
