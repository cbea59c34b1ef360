"""What Stripe's published API, 2026-08-26.dahlia, takes in the calls that Deskmint makes.

A parameter with `*` is required; one with `[...]` is an object of these parts.
"""

CALLS = {
    "GET /v1/account": """
        expand
    """,
    "POST /v1/webhook_endpoints": """
        api_version connect description enabled_events* expand metadata url*
    """,
    "GET /v1/webhook_endpoints": """
        ending_before expand limit starting_after
    """,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": """
        description disabled enabled_events expand metadata url
    """,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": """
    """,
    "POST /v1/customers": """
        address balance business_name cash_balance description email expand individual_name
        invoice_prefix invoice_settings metadata name next_invoice_sequence payment_method phone
        preferred_locales shipping source tax tax_exempt tax_id_data test_clock
    """,
    "POST /v1/customers/{customer}": """
        address balance bank_account business_name card cash_balance default_alipay_account
        default_bank_account default_card default_source description email expand
        individual_name invoice_prefix invoice_settings metadata name next_invoice_sequence
        phone preferred_locales shipping source tax tax_exempt
    """,
    "POST /v1/setup_intents": """
        allowed_payment_method_types attach_to_self automatic_payment_methods confirm
        confirmation_token customer customer_account description excluded_payment_method_types
        expand flow_directions mandate_data metadata on_behalf_of payment_method
        payment_method_configuration payment_method_data payment_method_options
        payment_method_types return_url single_use usage use_stripe_sdk
    """,
    "GET /v1/setup_intents/{intent}": """
        client_secret expand
    """,
    "POST /v1/setup_intents/{intent}/cancel": """
        cancellation_reason expand
    """,
    "POST /v1/payment_intents": """
        allowed_payment_method_types amount* amount_details application_fee_amount
        automatic_payment_methods capture_method confirm confirmation_method confirmation_token
        currency* customer customer_account description error_on_requires_action
        excluded_payment_method_types expand hooks mandate mandate_data metadata off_session
        on_behalf_of payment_details payment_method payment_method_configuration
        payment_method_data payment_method_options payment_method_types radar_options
        receipt_email return_url setup_future_usage shipping statement_descriptor
        statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk
    """,
    "GET /v1/payment_intents": """
        created[gt,gte,lt,lte] customer customer_account ending_before expand limit
        starting_after
    """,
    "GET /v1/payment_intents/{intent}": """
        client_secret expand
    """,
    "POST /v1/payment_intents/{intent}/cancel": """
        cancellation_reason expand
    """,
    "POST /v1/payment_methods/{payment_method}/detach": """
        expand
    """,
    "GET /v1/charges": """
        created[gt,gte,lt,lte] customer ending_before expand limit payment_intent starting_after
        transfer_group
    """,
    "GET /v1/charges/{charge}": """
        expand
    """,
    "POST /v1/refunds": """
        amount charge currency customer expand instructions_email metadata origin payment_intent
        reason refund_application_fee reverse_transfer
    """,
    "GET /v1/refunds": """
        charge created[gt,gte,lt,lte] ending_before expand limit payment_intent starting_after
    """,
    "GET /v1/refunds/{refund}": """
        expand
    """,
    "GET /v1/disputes": """
        charge created[gt,gte,lt,lte] ending_before expand limit payment_intent starting_after
    """,
    "GET /v1/disputes/{dispute}": """
        expand
    """,
    "GET /v1/events": """
        created[gt,gte,lt,lte] delivery_success ending_before expand limit starting_after type
        types
    """,
    "GET /v1/events/{id}": """
        expand
    """,
}

# What an event of these objects may be about.
KINDS = {
    *(f"charge.{what}" for what in ("captured", "expired", "failed", "pending", "refund.updated")),
    *(f"charge.{what}" for what in ("refunded", "succeeded", "updated")),
    *(f"charge.dispute.{what}" for what in ("closed", "created", "updated")),
    *(f"charge.dispute.funds_{what}" for what in ("reinstated", "withdrawn")),
    *(f"payment_intent.{what}" for what in ("canceled", "created", "partially_funded")),
    *(f"payment_intent.{what}" for what in ("amount_capturable_updated", "payment_failed")),
    *(f"payment_intent.{what}" for what in ("processing", "requires_action", "succeeded")),
    *(f"refund.{what}" for what in ("created", "failed", "updated")),
}
