"""Lives: random acts of a household, after each of which the model and the product must agree."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.entitlements.lives.house import House, Town
from tests.entitlements.lives.model import (
    CARRIED,
    GRACE,
    OK,
    PRICES,
    REFUNDABLE,
    SLACK,
    WINDOW,
    Household,
)

FILMS = st.sampled_from(list(CARRIED))
PACKAGES = st.sampled_from(["basic", "premium"])
HOURS, DAYS, WEEKS = (1, 4, 6), (24, 47, 48), (168, 240)
EDGES = st.sampled_from([-1, 0])
NUMBERS = st.integers(0, 30)


class Lives(RuleBasedStateMachine):
    """One household; `town` and `loop` are set before it lives."""

    town: Town
    loop: asyncio.AbstractEventLoop

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(what)

    @initialize()
    def move_in(self) -> None:
        self.model = Household()
        self.house = self.run(House.move_in(self.town))

    def has_bought(self) -> bool:
        return bool(self.model.bought)

    def has_subscribed(self) -> bool:
        return bool(self.model.subscribed)

    def pays(self) -> bool:
        """Whether a subscription runs and goes on."""
        last = self.model.subscribed[-1:]
        return any(one.status != "canceled" and not one.cancel for one in last)

    @rule(film=FILMS)
    def rent(self, film: str) -> None:
        self._order("rent", film)

    @rule(film=FILMS)
    def buy(self, film: str) -> None:
        self._order("buy", film)

    @rule(film=FILMS)
    def rent_and_play(self, film: str) -> None:
        self._order("rent", film)
        self.play(film)

    @rule(film=FILMS, hours=EDGES)
    def rent_play_and_wait(self, film: str, hours: int) -> None:
        self._order("rent", film)
        self.play(film)
        self._wait_until(self.model.now + WINDOW + hours)

    @rule(film=FILMS, kind=st.sampled_from(["rent", "buy"]), hours=EDGES)
    def order_and_return_late(self, film: str, kind: str, hours: int) -> None:
        self._order(kind, film)
        self._wait_until(self.model.now + REFUNDABLE + hours)
        if self.model.bought:
            self.refund(len(self.model.bought) - 1)

    @precondition(has_subscribed)
    @rule(hours=st.sampled_from([-1, 0, SLACK - 1, SLACK, GRACE - 1, GRACE]))
    def wait_for_the_end(self, hours: int) -> None:
        self._wait_until(self.model.subscribed[-1].ends_at + hours)

    @precondition(lambda self: self.model.gift)
    @rule(hours=EDGES)
    def wait_for_the_end_of_the_gift(self, hours: int) -> None:
        assert self.model.gift is not None
        self._wait_until(self.model.gift[1] + hours)

    def _wait_until(self, moment: int) -> None:
        """Not at all if it is past, and never so long that two periods end at once."""
        while self.model.now < moment:
            self._wait(min(moment - self.model.now, max(WEEKS)))

    def _order(self, kind: str, film: str) -> None:
        assert self.run(self.house.order(kind, film)) == self.model.order(kind, film)

    @rule(film=FILMS)
    def play(self, film: str) -> None:
        assert self.run(self.house.play(film)) == self.model.play(film)

    @rule(hours=st.sampled_from(HOURS))
    def wait_some_hours(self, hours: int) -> None:
        self._wait(hours)

    @rule(hours=st.sampled_from(DAYS))
    def wait_some_days(self, hours: int) -> None:
        self._wait(hours)

    @rule(hours=st.sampled_from(WEEKS))
    def wait_some_weeks(self, hours: int) -> None:
        self._wait(hours)

    def _wait(self, hours: int) -> None:
        self.run(self.house.wait(hours))
        if self.model.wait(hours):
            self._ask_for_the_end()

    @precondition(has_bought)
    @rule(number=NUMBERS)
    def refund(self, number: int) -> None:
        number %= len(self.model.bought)
        assert self.run(self.house.refund(number)) == self.model.refund(number)

    @precondition(has_bought)
    @rule(number=NUMBERS, outcome=st.sampled_from(["open", "won", "lost"]))
    def dispute(self, number: int, outcome: str) -> None:
        number %= len(self.model.bought)
        self.run(self.house.dispute(number, outcome))
        self.model.dispute(number, outcome)

    @precondition(lambda self: self.model.held)
    @rule()
    def lift(self) -> None:
        self.run(self.house.lift())
        self.model.held.clear()

    @precondition(lambda self: not self.pays())
    @rule(package=PACKAGES, pays_later=st.booleans())
    def subscribe(self, package: str, pays_later: bool) -> None:
        token = "tok_ok" if pays_later else "tok_fail_later"
        answer = self.run(self.house.subscribe(package, token))
        assert answer == self.model.subscribe(package, pays_later)
        if answer == OK:
            self._ask_for_the_end()

    @precondition(pays)
    @rule()
    def cancel(self) -> None:
        assert self.run(self.house.steer("cancel")) == self.model.cancel()

    @precondition(lambda self: self.has_subscribed() and not self.pays())
    @rule()
    def resume(self) -> None:
        assert self.run(self.house.steer("resume")) == self.model.resume()

    @precondition(has_subscribed)
    @rule(package=PACKAGES)
    def change(self, package: str) -> None:
        answer = self.run(self.house.change(package))
        expected, costs = self.model.change(package)
        assert answer == expected
        if costs:
            price = self.run(self.house.cents()) - self.model.cents
            assert 0 <= price <= PRICES["premium"] - PRICES["basic"]
            self.model.cents += price

    @precondition(lambda self: self.model.gift is None)
    @rule()
    def redeem(self) -> None:
        assert self.run(self.house.redeem()) == self.model.redeem()

    @invariant()
    def both_agree(self) -> None:
        for film in CARRIED:
            assert self.run(self.house.access(film)) == self.model.access(film), film
        assert self.run(self.house.cents()) == self.model.cents
        assert self.run(self.house.broken_rules()) == []

    def _ask_for_the_end(self) -> None:
        """The calendar says how long a period is; what follows from it is ours."""
        hours = self.run(self.house.paid_hours())
        assert 27 * 24 - max(WEEKS) < hours <= 31 * 24
        self.model.subscribed[-1].ends_at = self.model.now + hours
