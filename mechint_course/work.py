"""Long work: a progress bar with the time left, and a clean stop when the person interrupts it."""

from types import TracebackType

from tqdm.auto import tqdm


class work:  # noqa: N801 - reads as a verb: `with work(1000, "Training") as bar`
    """A progress bar that turns an interrupt into a clean stop.

    `with work(total, title) as bar:` shows a bar; `bar.update(n)` moves it and `bar.note(loss=0.1)` writes beside it.
    An interrupt inside the block (the stop button, Ctrl-C) ends the block, says in one sentence how far the work
    came, and leaves `bar.interrupted` True: what was reached so far is the caller's to keep.

    >>> with work(3, "Counting", disable=True) as bar:
    ...     for _ in range(3):
    ...         bar.update()
    >>> bar.done, bar.interrupted
    (3, False)
    """

    def __init__(self, total: int, title: str, *, unit: str = "step", disable: bool = False) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = 0
        self.interrupted = False
        self._bar: tqdm = tqdm(
            total=total, desc=title, unit=unit, disable=disable, leave=False, mininterval=0.2
        )

    def update(self, n: int = 1) -> None:
        """Moves the bar by n units."""
        self.done += n
        self._bar.update(n)

    def note(self, **values: float | str) -> None:
        """Writes figures beside the bar, for example `loss=0.031`."""
        self._bar.set_postfix(values, refresh=False)

    def __enter__(self) -> "work":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> bool:
        self._bar.close()
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            return False
        self.interrupted = True
        print(
            f"{self.title}: stopped after {self.done} of {self.total} {self.unit}s; what was reached so far is kept."
        )
        return True
