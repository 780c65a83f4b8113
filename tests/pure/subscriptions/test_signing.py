from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from tillway.errors import Misconfigured
from tillway.subscriptions.signing import SECRET_BYTES, headers, key_of, new_secret, sign

# The vector that Standard Webhooks' own libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_vector_of_standard_webhooks_is_signed_as_published() -> None:
    assert sign(SECRET, MESSAGE, AT, BODY) == SIGNATURE


def test_a_delivery_carries_id_seconds_and_signature() -> None:
    assert headers([SECRET], MESSAGE, AT.replace(microsecond=999_999), BODY) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_secrets_are_exchanged_every_one_signs_the_newest_first() -> None:
    other = new_secret()

    signature = headers([other, SECRET], MESSAGE, AT, BODY)["webhook-signature"]

    assert signature == f"{sign(other, MESSAGE, AT, BODY)} {SIGNATURE}"


def test_new_secrets_are_random_and_of_the_right_length() -> None:
    assert len(key_of(new_secret())) == SECRET_BYTES
    assert new_secret() != new_secret()


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_not base64 at all!",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_\u00e9",
    ],
)
def test_what_is_no_secret_of_standard_webhooks_signs_nothing_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        sign(secret, MESSAGE, AT, BODY)

    assert "MfKQ" not in caught.value.detail + caught.value.remedy


@pytest.mark.parametrize("size", [24, 64])
def test_the_shortest_and_the_longest_secret_sign(size: int) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * size).decode()

    assert key_of(secret) == b"k" * size
