"""Lives: random acts of a household, after each of which the model and the product must agree."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.entitlements.lives.house import House, Town
from tests.entitlements.lives.model import CARRIED, OK, PRICES, Household

FILMS = st.sampled_from(list(CARRIED))
KINDS = st.sampled_from(["rent", "buy"])
PACKAGES = st.sampled_from(["basic", "premium"])
WAITS = (1, 5, 24, 47, 48, 168, 240)
HOURS = st.sampled_from(WAITS)
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

    @rule(kind=KINDS, film=FILMS)
    def order(self, kind: str, film: str) -> None:
        assert self.run(self.house.order(kind, film)) == self.model.order(kind, film)

    @rule(film=FILMS)
    def play(self, film: str) -> None:
        assert self.run(self.house.play(film)) == self.model.play(film)

    @rule(hours=HOURS)
    def wait(self, hours: int) -> None:
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

    @rule(package=PACKAGES, pays_later=st.booleans())
    def subscribe(self, package: str, pays_later: bool) -> None:
        token = "tok_ok" if pays_later else "tok_fail_later"
        answer = self.run(self.house.subscribe(package, token))
        assert answer == self.model.subscribe(package, pays_later)
        if answer == OK:
            self._ask_for_the_end()

    @precondition(has_subscribed)
    @rule()
    def cancel(self) -> None:
        assert self.run(self.house.steer("cancel")) == self.model.cancel()

    @precondition(has_subscribed)
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
        assert 27 * 24 - max(WAITS) < hours <= 31 * 24
        self.model.subscribed[-1].ends_at = self.model.now + hours
