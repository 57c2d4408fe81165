"""Simulated Amazon SNS: the certificate that signs, and ConfirmSubscription as a plain GET.

Protocol: docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from sandbox.platforms.aws_sns import signer
from sandbox.state import current_state

blueprint = Blueprint("aws_sns", __name__, url_prefix="/aws_sns")

CONFIRMED = """<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <ConfirmSubscriptionResult><SubscriptionArn>{arn}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55</SubscriptionArn></ConfirmSubscriptionResult>
</ConfirmSubscriptionResponse>
"""
REFUSED = """<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: Token</Message></Error>
</ErrorResponse>
"""


@blueprint.get("/SimpleNotificationService-<name>.pem")
def certificate(name: str) -> Response:
    """Returns the one certificate there is."""
    if name != signer.CERTIFICATE_NAME:
        abort(404)
    return Response(signer.certificate_pem(), content_type="application/x-pem-file")


@blueprint.get("/")
def confirm() -> Response:
    """Confirms a subscription to the one topic, by the token that was sent for it."""
    arn = current_state().settings["AWS_SNS_TOPIC_ARN"]
    asked = (request.args.get("Action"), request.args.get("TopicArn"))
    if asked != ("ConfirmSubscription", arn) or not request.args.get("Token", "").startswith(
        signer.TOKEN_START
    ):
        return Response(REFUSED, status=400, content_type="text/xml")
    return Response(CONFIRMED.format(arn=arn), content_type="text/xml")
