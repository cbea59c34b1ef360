from django.urls import path

from membership.views import bills, checkout, credits, leaving, payments

app_name = "membership"
urlpatterns = [
    path("", credits.home, name="home"),
    path("credits/", credits.overview, name="credits"),
    path("credits/transactions/", credits.transactions, name="credit_transactions"),
    path("credits/transactions.csv", credits.transactions_csv, name="credit_transactions_csv"),
    path("credits/buy/<int:option_id>/", checkout.checkout, name="checkout"),
    path("purchases/<uuid:key>/", checkout.purchase, name="purchase"),
    path("purchases/<uuid:key>/status/", checkout.purchase_status, name="purchase_status"),
    path("purchases/<uuid:key>/confirm/", checkout.confirm_purchase, name="confirm_purchase"),
    path("payments/", payments.transactions, name="payments"),
    path("payments/cards/<int:card_id>/remove/", payments.remove, name="remove_card"),
    path("bills/", bills.bills, name="bills"),
    path("bills/<int:bill_id>/", bills.bill, name="bill"),
    path("companies/<int:company_id>/bills/", bills.company_bills, name="company_bills"),
    path("credit-notes/<str:number>/", bills.credit_note, name="credit_note"),
    path("leave/", leaving.leave, name="leave"),
    path("receipts/<str:number>/", payments.receipt, name="receipt"),
]
