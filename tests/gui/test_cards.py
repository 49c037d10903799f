"""Findings as cards: folded, unfolded, in full; each place leads to its own bytes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from triptych.gui.card import Card
from triptych.gui.display import Prose
from triptych.gui.rooms.compare import CompareRoom
from triptych.gui.window import Window


def cards(window: Window) -> list[Card]:
    compare = window.rooms["compare"]
    assert isinstance(compare, CompareRoom)
    window.show_room("compare")
    return compare.cards.cards


def said(card: Card) -> str:
    """The words that can be seen."""
    return "\n".join(prose.text for prose in card.findChildren(Prose) if prose.isVisible())


def test_right_and_left_unfold_and_fold_step_by_step(window: Window) -> None:
    card = cards(window)[0]
    card.setFocus()
    assert card.finding.why in said(card)
    assert card.finding.next_steps[0] not in said(card)
    QTest.keyClick(card, Qt.Key.Key_Right)
    assert card.finding.next_steps[0] in said(card)
    assert card.finding.benign in said(card)
    QTest.keyClick(card, Qt.Key.Key_Left)
    assert card.finding.why in said(card)
    assert card.finding.benign not in said(card)
    QTest.keyClick(card, Qt.Key.Key_Left)
    assert said(card) == card.finding.headline
    QTest.keyClick(card, Qt.Key.Key_Space)
    assert card.finding.why in said(card)


def test_down_and_up_go_from_card_to_card(window: Window) -> None:
    shown = cards(window)
    shown[0].setFocus()
    QTest.keyClick(shown[0], Qt.Key.Key_Down)
    assert shown[1].hasFocus()
    QTest.keyClick(shown[1], Qt.Key.Key_Up)
    assert shown[0].hasFocus()


def test_each_place_of_a_finding_opens_its_own_bytes(qtbot: QtBot, window: Window) -> None:
    card = next(card for card in cards(window) if len(card.finding.refs) > 2)
    assert len(card.places) == len(card.finding.refs)
    for ref, place in zip(card.finding.refs, card.places, strict=True):
        with qtbot.waitSignal(window.session.proof_wanted) as wanted:
            place.click()
        assert wanted.args is not None
        assert wanted.args[0].refs == (ref,)
    assert window.current_room == "bytes"


def test_a_place_of_hostile_name_is_marked_once(window: Window) -> None:
    from triptych.gui.pieces import PlaceLink

    place = PlaceLink("key Update\u202egnp.exe & more", "0x10", "tip")
    place.resize(600, 24)
    place.show()
    assert "Update⟨U+202E⟩gnp.exe && more" in place.text()
    place.resize(120, 24)
    assert place.text().endswith(" · 0x10")
    place.close()
