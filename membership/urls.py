from django.urls import path

from membership.views import (
    auto_paying,
    bill_paying,
    bills,
    checkout,
    company_people,
    credits,
    documents,
    leaving,
    payments,
    purchases,
)

app_name = "membership"
urlpatterns = [
    path("", credits.home, name="home"),
    path("credits/", credits.overview, name="credits"),
    path("credits/transactions/", credits.transactions, name="credit_transactions"),
    path("credits/transactions.csv", credits.transactions_csv, name="credit_transactions_csv"),
    path("credits/buy/<int:option_id>/", checkout.checkout, name="checkout"),
    path("purchases/<uuid:key>/", purchases.purchase, name="purchase"),
    path("purchases/<uuid:key>/status/", purchases.purchase_status, name="purchase_status"),
    path("purchases/<uuid:key>/confirm/", purchases.confirm_purchase, name="confirm_purchase"),
    path("payments/", payments.transactions, name="payments"),
    path("payments/cards/<int:card_id>/remove/", payments.remove, name="remove_card"),
    path("companies/<int:company_id>/people/", company_people.people, name="company_people"),
    path(
        "companies/<int:company_id>/people/invite/",
        company_people.invite,
        name="invite_to_company",
    ),
    path(
        "companies/<int:company_id>/people/<int:place_id>/role/",
        company_people.change_role,
        name="change_company_role",
    ),
    path(
        "companies/<int:company_id>/people/<int:place_id>/remove/",
        company_people.remove,
        name="remove_from_company",
    ),
    path(
        "companies/<int:company_id>/invitations/<int:invitation_id>/resend/",
        company_people.resend,
        name="resend_company_invitation",
    ),
    path(
        "companies/<int:company_id>/invitations/<int:invitation_id>/revoke/",
        company_people.revoke,
        name="revoke_company_invitation",
    ),
    path("bills/", bills.bills, name="bills"),
    path("bills/<int:bill_id>/", bills.bill, name="bill"),
    path("bills/<int:bill_id>/pdf/", documents.bill, name="bill_pdf"),
    path("bills/auto-pay/", auto_paying.choose, name="auto_pay"),
    path("companies/<int:company_id>/bills/auto-pay/", auto_paying.choose, name="company_auto_pay"),
    path("bills/<int:bill_id>/pay/", bill_paying.pay_bill, name="pay_bill"),
    path("bills/<int:bill_id>/payments/<uuid:key>/", bill_paying.payment, name="bill_payment"),
    path(
        "bills/<int:bill_id>/payments/<uuid:key>/status/",
        bill_paying.status,
        name="bill_payment_status",
    ),
    path(
        "bills/<int:bill_id>/payments/<uuid:key>/confirm/",
        bill_paying.confirm,
        name="confirm_bill_payment",
    ),
    path("companies/<int:company_id>/bills/", bills.company_bills, name="company_bills"),
    path("credit-notes/<str:number>/", bills.credit_note, name="credit_note"),
    path("credit-notes/<str:number>/pdf/", documents.credit_note, name="credit_note_pdf"),
    path("leave/", leaving.leave, name="leave"),
    path("receipts/<str:number>/", payments.receipt, name="receipt"),
    path("receipts/<str:number>/pdf/", documents.receipt, name="receipt_pdf"),
    path("companies/<int:company_id>/credits/", credits.overview, name="company_credits"),
    path(
        "companies/<int:company_id>/credits/transactions/",
        credits.transactions,
        name="company_credit_transactions",
    ),
    path(
        "companies/<int:company_id>/credits/transactions.csv",
        credits.transactions_csv,
        name="company_credit_transactions_csv",
    ),
    path(
        "companies/<int:company_id>/credits/buy/<int:option_id>/",
        checkout.checkout,
        name="company_checkout",
    ),
    path("companies/<int:company_id>/payments/", payments.transactions, name="company_payments"),
    path(
        "companies/<int:company_id>/payments/cards/<int:card_id>/remove/",
        payments.remove,
        name="remove_company_card",
    ),
    path(
        "companies/<int:company_id>/payments/permissions/<int:place_id>/",
        payments.permit,
        name="permit_company_money",
    ),
]
