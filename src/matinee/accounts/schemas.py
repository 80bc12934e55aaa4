"""What accounts, sessions and the sign-in of televisions look like on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from matinee.core.schema import (
    Country,
    Email,
    Input,
    Line,
    Output,
    Page,
    Reason,
    Secret,
    Stamped,
    clean_text,
    text,
)

EXAMPLE_PASSWORD = "correct horse battery staple"

Password = Annotated[Secret, Field(examples=[EXAMPLE_PASSWORD])]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=8, max_length=256, strip_whitespace=False),
    AfterValidator(clean_text),
    Field(
        description="Not a common one, and without the e-mail's name.", examples=[EXAMPLE_PASSWORD]
    ),
]
EmailAddress = Annotated[Email, Field(examples=["ana@example.com"])]
DeviceName = Annotated[Line, Field(examples=["Living room TV"])]
ClientKind = Literal["web", "app", "tv"]
Client = Annotated[
    ClientKind, Field(description="`web` answers with a cookie, others with tokens.")
]
FirstName = Annotated[str, *text(max_length=40), Field(examples=["Ana"])]
StaffRole = Literal["admin", "editor", "support", "analyst"]
UserStatus = Literal["active", "disabled"]


class Register(Input):
    """A new household."""

    email: EmailAddress
    password: NewPassword
    country: Country = Field(examples=["US"])
    profile_name: FirstName | None = Field(
        None, description="Who watches first; else named after the e-mail address."
    )
    client: Client = "app"
    device_name: DeviceName | None = None


class Login(Input):
    """Signing in on a device."""

    email: EmailAddress
    password: Password
    client: Client = "app"
    device_name: DeviceName | None = None


class Refresh(Input):
    """Exchanging a refresh token for its successor."""

    refresh_token: Annotated[str, StringConstraints(max_length=300)] = Field(
        examples=["mrt_0199f3a4.7.c2VjcmV0"]
    )


class SignedIn(Stamped):
    """A session. Tokens are null for browsers (a cookie), or where the one you hold stays good."""

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


class Sessions(Page[SessionOut], Stamped):
    """All devices that are signed in."""


class ChangePassword(Input):
    """A new password; all other devices are signed out."""

    current_password: Password
    new_password: NewPassword


class ForgotPassword(Input):
    """Where to send the link."""

    email: EmailAddress


class ResetPassword(Input):
    """The token of the link, and the new password."""

    token: Annotated[str, StringConstraints(max_length=200)]
    new_password: NewPassword


class Me(Stamped):
    """The household that is signed in."""

    user_id: UUID
    email: str = Field(examples=["ana@example.com"])
    country: str = Field(examples=["US"])
    role: StaffRole | None = Field(description="Only for the operator's staff.")
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


class Deletion(Stamped):
    """The account is signed out everywhere, and will be gone."""

    deletes_at: datetime = Field(description="Signing in before keeps it.")


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


class ApprovedDevice(Output):
    """What was answered."""

    client_name: str
    approved: bool


class SetUp(Input):
    """The one-time token printed at the first start, and the first administrator."""

    token: Annotated[str, StringConstraints(max_length=200)]
    email: EmailAddress
    password: NewPassword
    country: Country = Field(examples=["US"])
    client: Client = "app"


class NewStaff(Input):
    """A household for somebody who works for the operator, made at the command line."""

    email: EmailAddress
    password: NewPassword
    role: StaffRole
    country: Country


class UserSummary(Output):
    """A household in the list of the operator."""

    user_id: UUID
    email: str = Field(examples=["ana@example.com"])
    country: str = Field(examples=["US"])
    status: UserStatus
    role: StaffRole | None
    created_at: datetime
    deletion_requested_at: datetime | None


class Users(Page[UserSummary]):
    """Households by e-mail address."""


class UserDetail(UserSummary):
    """A household as support sees it: no names of its people, no history."""

    profiles: int = Field(description="How many people it has.")
    live_sessions: int = Field(description="How many devices are signed in.")
    last_seen_at: datetime | None


class UpdateUser(Input):
    """Disabling signs all devices out at once."""

    status: UserStatus
    reason: Reason = Field(examples=["Asked by phone after a theft"])


class StaffMember(Output):
    """Somebody who works for the operator."""

    user_id: UUID
    email: str = Field(examples=["ana@example.com"])
    role: StaffRole
    created_at: datetime


class StaffMembers(Output):
    """All who work for the operator."""

    items: list[StaffMember]


class AppointStaff(Input):
    """What a household may do for the operator from now on."""

    role: StaffRole
    reason: Reason = Field(examples=["Joins the catalogue team"])
