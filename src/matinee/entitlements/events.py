"""What entitlements announce to the layers above them."""

PURCHASE_CHANGED = "entitlements.purchase_changed"
"""A purchase has another status now (`user_id`, `purchase_id`, `status`)."""

REFUND_WANTED = "entitlements.refund_wanted"
"""Money is to be given back (`user_id`, `purchase_id`)."""
