"""The addresses of the API, version 1. The URLconf imports this when the first request comes."""

from django.urls import path

from community.api import people, reading
from credits.api import ledger, spending

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
    path("<path:rest>", reading.NotThere.as_view(), name="not_there"),
]
