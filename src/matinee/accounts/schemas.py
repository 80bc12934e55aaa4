"""What accounts, sessions and the sign-in of televisions look like on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from matinee.core.schema import Country, Email, Input, Line, Output, Page, Secret, Stamped

Password = Annotated[Secret, Field(examples=["correct horse battery staple"])]
EmailAddress = Annotated[Email, Field(examples=["ana@example.com"])]
DeviceName = Annotated[Line, Field(examples=["Living room TV"])]
ClientKind = Literal["web", "app", "tv"]


class Register(Input):
    """A new household."""

    email: EmailAddress
    password: Password
    country: Country = Field(examples=["US"])
    client: ClientKind = Field(
        "app", description="`web` answers with a cookie, others with tokens."
    )
    device_name: DeviceName | None = None


class Login(Input):
    """Signing in on a device."""

    email: EmailAddress
    password: Password
    client: ClientKind = Field(
        "app", description="`web` answers with a cookie, others with tokens."
    )
    device_name: DeviceName | None = None


class Refresh(Input):
    """Exchanging a refresh token for its successor."""

    refresh_token: Annotated[str, StringConstraints(max_length=300)] = Field(
        examples=["mrt_0199f3a4.7.c2VjcmV0"]
    )


class SignedIn(Stamped):
    """A session was started or renewed; the tokens are null where a cookie was set."""

    user_id: UUID
    session_id: UUID
    profile_id: UUID | None = None
    role: str | None = None
    access_token: str | None = Field(None, description="For `Authorization: Bearer`, 10 minutes.")
    access_expires_at: datetime | None = None
    refresh_token: str | None = Field(None, description="For `POST /auth/refresh`, used once.")


class SessionOut(Output):
    """A signed-in device."""

    id: UUID
    kind: ClientKind
    device_name: str | None = Field(examples=["Living room TV"])
    user_agent: str | None
    last_ip: str | None
    profile_id: UUID | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = Field(description="The one that asks.")


class Sessions(Page[SessionOut]):
    """All devices that are signed in."""


class ChangePassword(Input):
    """A new password; all other devices are signed out."""

    current_password: Password
    new_password: Password


class ForgotPassword(Input):
    """Where to send the link."""

    email: EmailAddress


class ResetPassword(Input):
    """The token of the link, and the new password."""

    token: Annotated[str, StringConstraints(max_length=200)]
    new_password: Password


class Me(Output):
    """The household that is signed in."""

    user_id: UUID
    email: str = Field(examples=["ana@example.com"])
    country: str = Field(examples=["US"])
    role: str | None = Field(description="Only for the operator's staff.")
    has_purchase_pin: bool
    created_at: datetime
    deletion_requested_at: datetime | None
    deletes_at: datetime | None = Field(description="When the account will be gone.")


class UpdateMe(Input):
    """What changes; the rest stays. A new e-mail address needs the password."""

    country: Country | None = None
    email: EmailAddress | None = None
    password: Password | None = Field(None, description="Needed to change the address or the PIN.")
    purchase_pin: Annotated[str, StringConstraints(pattern=r"^([0-9]{4,6})?$")] | None = Field(
        None, description="Asked before money is spent; empty removes it.", examples=["4711"]
    )


class DeleteMe(Input):
    """Proof that it is really you."""

    password: Password


class DeviceCodeRequest(Input):
    """A television asks to be signed in (RFC 8628)."""

    client_name: DeviceName = Field("TV", examples=["Living room TV"])


class DeviceCodeOut(Output):
    """Show `user_code` and `verification_uri`; ask for the token every `interval` seconds."""

    device_code: str
    user_code: str = Field(examples=["BCDF-GHJK"])
    verification_uri: str
    verification_uri_complete: str
    expires_in: int = Field(examples=[600])
    interval: int = Field(examples=[5])


class DeviceTokenRequest(Input):
    """The television asks whether it has been approved."""

    device_code: Annotated[str, StringConstraints(max_length=200)]


class ApproveDevice(Input):
    """The household answers the code shown on the television."""

    user_code: Annotated[str, StringConstraints(max_length=20)] = Field(examples=["BCDF-GHJK"])
    approve: bool = True
    profile_id: UUID | None = Field(None, description="Profile that the television starts with.")


class ApprovedDevice(Output):
    """What was answered."""

    client_name: str
    approved: bool


class SetUp(Input):
    """The one-time token printed at the first start, and the first administrator."""

    token: Annotated[str, StringConstraints(max_length=200)]
    email: EmailAddress
    password: Password
    country: Country = Field(examples=["US"])
