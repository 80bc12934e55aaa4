"""What a household may play and has paid by the rules alone: pure, in whole hours, few lines."""

from dataclasses import dataclass, field

HOUR, DAY = 1, 24
START_WITHIN, WINDOW = 30 * DAY, 2 * DAY
REFUNDABLE = 2 * DAY
SLACK, GRACE, RETRY, RETRIES = 6 * HOUR, 7 * DAY, DAY, 3
GIFT = 30 * DAY
PRICES = {"rent": 399, "buy": 999, "basic": 500, "premium": 1200}
CARRIED = {"mine": (), "common": ("basic", "premium"), "special": ("premium",)}
"""The films, and the packages that carry them; all are for rent and for sale."""

OK = ""


@dataclass
class Bought:
    """A film that was paid for."""

    film: str
    kind: str
    at: int
    first_play: int | None = None
    refunded: bool = False
    dispute: str | None = None

    @property
    def is_granted(self) -> bool:
        """Whether the money is (still) ours."""
        return not self.refunded and self.dispute != "lost"

    def is_live(self, now: int) -> bool:
        """Whether it can be played."""
        if self.kind == "buy":
            return self.is_granted
        started = self.first_play
        end = self.at + START_WITHIN if started is None else started + WINDOW
        return self.is_granted and now < end


@dataclass
class Subscribed:
    """A subscription; `ends_at` is the end of what is paid."""

    package: str
    pays_later: bool
    ends_at: int
    status: str = "active"
    cancel: bool = False
    pending: str | None = None
    refusals: int = 0
    next_try: int = 0
    canceled_at: int = 0

    @property
    def access_until(self) -> int:
        """How long it lets play."""
        if self.status == "past_due":
            return max(self.ends_at, self.ends_at + GRACE)
        if self.status == "canceled":
            return min(self.ends_at, self.canceled_at)
        return self.ends_at if self.cancel else self.ends_at + SLACK


@dataclass
class Household:
    """All there is to know; every method says how a request is answered, `OK` or a code."""

    now: int = 0
    cents: int = 0
    bought: list[Bought] = field(default_factory=list)
    subscribed: list[Subscribed] = field(default_factory=list)
    gift: tuple[int, int] | None = None
    held: set[int] = field(default_factory=set)
    """Numbers of purchases whose dispute keeps the household from buying."""

    def packages(self) -> set[str]:
        """What it has of packages now."""
        live = {one.package for one in self.subscribed if self.now < one.access_until}
        if self.gift and self.gift[0] <= self.now < self.gift[1]:
            live.add("premium")
        return live

    def access(self, film: str) -> tuple[str, bool]:
        """By which right a film can be played, and whether that begins a rental's time."""
        mine = [one for one in self.bought if one.film == film and one.is_live(self.now)]
        if any(one.kind == "buy" for one in mine):
            return "buy", False
        if self.packages() & set(CARRIED[film]):
            return "svod", False
        rented = [one for one in mine if one.kind == "rent"]
        return ("rent", rented[0].first_play is None) if rented else ("locked", False)

    def order(self, kind: str, film: str) -> str:
        if self.held:
            return "account_held"
        live = {o.kind for o in self.bought if o.film == film and o.is_live(self.now)}
        if "buy" in live:
            return "already_owned"
        if kind in live:
            return "already_rented"
        self.bought.append(Bought(film, kind, self.now))
        self.cents += PRICES[kind]
        return OK

    def play(self, film: str) -> str:
        via, _ = self.access(film)
        if via in ("buy", "rent"):
            played = next(
                one
                for one in self.bought
                if one.film == film and one.kind == via and one.is_live(self.now)
            )
            played.first_play = self.now if played.first_play is None else played.first_play
        return "not_entitled" if via == "locked" else OK

    def refund(self, number: int) -> str:
        one = self.bought[number]
        late = self.now >= one.at + REFUNDABLE
        if not one.is_granted or one.dispute == "open" or late or one.first_play is not None:
            return "not_refundable"
        one.refunded = True
        self.cents -= PRICES[one.kind]
        return OK

    def dispute(self, number: int, outcome: str) -> None:
        """The bank's word; what it has decided stays."""
        one = self.bought[number]
        if one.dispute in ("won", "lost", outcome):
            return
        one.dispute = outcome
        if outcome == "won":
            self.held.discard(number)
            return
        self.held.add(number)
        if outcome == "lost" and not one.refunded:
            self.cents -= PRICES[one.kind]

    def subscribe(self, package: str, pays_later: bool) -> str:
        if self.held:
            return "account_held"
        if any(one.status != "canceled" for one in self.subscribed):
            return "conflict"
        self.subscribed.append(Subscribed(package, pays_later, ends_at=self.now))
        self.cents += PRICES[package]
        return OK

    def cancel(self) -> str:
        one = self.subscribed[-1]
        if one.status != "canceled" and self.now < one.ends_at:
            one.cancel = True
        elif one.status != "canceled" and not one.cancel:
            self._end(one)
        return OK

    def resume(self) -> str:
        one = self.subscribed[-1]
        if self.held:
            return "account_held"
        if one.status == "canceled":
            return "conflict"
        one.cancel = False
        return OK

    def change(self, package: str) -> tuple[str, bool]:
        """How it is answered, and whether it costs something now."""
        one = self.subscribed[-1]
        if self.held:
            return "account_held", False
        if package == (one.pending or one.package):
            return OK, False
        if one.status != "active" or one.cancel:
            return "conflict", False
        if PRICES[package] > PRICES[one.package]:
            if not one.pays_later:
                return "payment_declined", False
            one.package, one.pending = package, None
            return OK, True
        one.pending = package if package != one.package else None
        return OK, False

    def redeem(self) -> str:
        if self.gift:
            return "account_held" if self.held else "conflict"
        if self.held:
            return "account_held"
        runs = [one for one in self.subscribed if one.status != "canceled" and not one.cancel]
        if any(one.package == "premium" for one in runs):
            return "conflict"
        until = [o.access_until for o in self.subscribed if o.package == "premium"]
        start = max([self.now, *until])
        self.gift = (start, start + GIFT)
        return OK

    def wait(self, hours: int) -> bool:
        """Time passes; whether the provider began a new period, whose end it has to say."""
        self.now += hours
        one = self.subscribed[-1] if self.subscribed else None
        if one is None or one.status == "canceled":
            return False
        if self.now < (one.next_try if one.status == "past_due" else one.ends_at):
            return False
        if one.cancel or (not one.pays_later and one.refusals >= RETRIES):
            self._end(one)
        elif one.pays_later:
            one.package, one.pending = one.pending or one.package, None
            self.cents += PRICES[one.package]
            return True
        else:
            one.status = "past_due"
            one.refusals += 1
            one.next_try = self.now + RETRY
        return False

    def _end(self, one: Subscribed) -> None:
        one.status, one.canceled_at = "canceled", self.now
