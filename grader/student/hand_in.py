"""Handing in from a student's folder: who, where to, what is remembered, which receipts came."""

import os
from pathlib import Path

from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.intake.archive import BundleError
from grader.intake.bundle import SUFFIX, Bundle, receipt_path
from grader.intake.inbox import INBOX_VARIABLE, Delivery, deliver, inbox_folder
from grader.intake.receipts import Receipt, read_receipt, verify
from grader.student.workspace import Dispatch, Workspace
from grader.text.ids import student_id

STUDENT_VARIABLE = "SHARDLAB_STUDENT"


def student_of(here: Workspace, given: str | None) -> str:
    """Who hands in: as given, else as the environment says, else who did so from here before."""
    who = given or os.environ.get(STUDENT_VARIABLE) or here.state().student
    if not who:
        raise UsageError(
            f"who are you? Say it once: shardlab submit --student ID (or set {STUDENT_VARIABLE})"
        )
    return student_id(who)


def inbox_of(here: Workspace, given: str | None) -> Path:
    """Where to hand in: as given, else as the environment says, else the course's inbox."""
    text = given or os.environ.get(INBOX_VARIABLE) or here.course.inbox
    if not text:
        raise UsageError(
            f"no inbox is known: name it with --to or {INBOX_VARIABLE}, "
            "or write a file to upload: shardlab submit --pack FILE"
        )
    return inbox_folder(text)


def pack_to(path: Path, bundle: Bundle) -> Delivery:
    """Writes the bundle as a file, to be uploaded elsewhere."""
    write_whole(path, bundle.raw)
    return Delivery(path.absolute(), new=True)


def deliver_to(inbox: Path, bundle: Bundle) -> Delivery:
    """Puts the bundle into the inbox; where that can't be, the text says how else to hand it in."""
    try:
        return deliver(inbox, bundle)
    except UsageError as error:
        raise UsageError(
            f"{error}\nNothing was delivered, and nothing is lost. To hand it in another way:\n"
            f"  shardlab submit --pack {bundle.stem}{SUFFIX}"
        ) from None


def remember(here: Workspace, bundle: Bundle, delivered: Delivery) -> tuple[Dispatch, str]:
    """What is remembered of this submission, and what kept it from being remembered, if anything.

    Of one that was there already it is what was remembered then.
    """
    state, place = here.state(), str(delivered.path)
    same = [each for each in state.sent if each.delivered_to == place]
    if same and not delivered.new:
        return same[-1], ""
    sent = Dispatch(bundle.digest, bundle.manifest.created_at, len(state.sent) + 1, place)
    state.sent.append(sent)
    state.student = bundle.manifest.student
    try:
        here.remember(state)
    except UsageError as error:
        return sent, str(error)
    return sent, ""


def receipt_of(here: Workspace, sent: Dispatch) -> Receipt | str:
    """The receipt of what was handed in, if a good one has arrived; else why there is none."""
    bundle = Path(sent.delivered_to)
    path, key = receipt_path(bundle), here.course.receipt_key
    if not path.exists():
        gone = "" if bundle.exists() else ", and the bundle is not there any more"
        return f"no receipt yet for {bundle}{gone}"
    try:
        signed = read_receipt(path)
        if signed.receipt.sha256 != sent.sha256:
            return "RECEIPT NOT VALID: it is of something else"
        if not key:
            return "a receipt is there, but no key to verify it with"
        return verify(signed, key)
    except (BundleError, UsageError) as error:
        return f"RECEIPT NOT VALID: {error}"
