"""Made-up SM2 keys of the simulated bank and of its one merchant. They protect nothing: everybody has them."""

from __future__ import annotations

BANK_PRIVATE_KEY = "81238627d7d31a49e30e7a4833e58dd3190590615516324c3841dc77e296f5af"
BANK_PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE1ploNZS4ofxBn8klk4YJOe0jS1njzfnbGi1A6Rpe6T4Q0vj9F9Tf3x"
    "Ucy8n97GaJtgr2m6GAzF+4h4lS5SC/XA=="
)
MERCHANT_PRIVATE_KEY = "b2fdb7d06c248a0f60d4ff9b21d0ff5dea7ba2daadf57ba6fe119b74bec26587"
