"""Options that several subcommands share, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from judge.errors import UsageError
from judge.inputs.batch import Defaults
from judge.judges.panel import all_backends
from judge.llm.options import EFFORTS, JudgingOptions, Price

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*options: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


input_options = _together(
    click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option(
        "--repo",
        "repos",
        multiple=True,
        metavar="[NAME=]PATH",
        help="Repository: git (bare, clone, worktree) or a plain directory.",
    ),
    click.option("--base", metavar="REV", help="Revision the patches start from."),
    click.option("--human", metavar="REV|FILE", help="The human commit, as a revision or a diff file."),
    click.option(
        "--benchmark",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Benchmark with setup() and experiment(data).",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=os.cpu_count() or 1,
        help="Worker processes for gates and judge.  [default: all cores]",
    ),
)

judge_option = click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="SPEC",
    help="Give it twice or more to ask several models.  [default: structural]  "
    + "; ".join(f"{backend.SPEC}: {backend.HELP}" for backend in all_backends().values())
    + ".",
)

question_options = _together(
    click.option(
        "--votes", type=click.IntRange(min=1), default=1, show_default=True, help="Answers asked of each model."
    ),
    click.option("--pack", default=JudgingOptions.pack, show_default=True, help="Prompt pack."),
    click.option("--effort", type=click.Choice(EFFORTS), help="Reasoning effort.  [default: the provider's]"),
    click.option(
        "--max-output-tokens",
        type=click.IntRange(min=256),
        default=JudgingOptions.max_output_tokens,
        show_default=True,
        help="Limit of a reply, reasoning included; a reply that is cut off is asked for once more with twice as many.",
    ),
    click.option(
        "--context",
        "context_tokens",
        type=click.IntRange(min=1024),
        help="What the model can read, in tokens.  [default: from the price list, else 128000]",
    ),
    click.option("--base-url", metavar="URL", help="Address of a server that speaks the provider's protocol."),
)

model_options = _together(
    question_options,
    click.option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        default=JudgingOptions.concurrency,
        show_default=True,
        help="Calls in flight.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=1),
        default=JudgingOptions.timeout_s,
        show_default=True,
        help="Limit of one call, seconds.",
    ),
    click.option(
        "--max-cost", type=click.FloatRange(min=0), metavar="USD", help="Stop before a call could exceed this."
    ),
    click.option(
        "--price", "price_text", metavar="IN/OUT", help="US dollars for a million tokens, for models not in the list."
    ),
    click.option(
        "--cache",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="JUDGE_CACHE",
        help="File of kept replies: nothing in it is paid for twice.  [default: in the user's cache folder]",
    ),
    click.option(
        "--batch", is_flag=True, help="Use the provider's batch API: submit now, collect with the same command."
    ),
)

target_options = _together(
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="What to time on.",
    ),
    click.option(
        "--python",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Interpreter of the timed project.  [default: this one]",
    ),
)


def judging_options(
    *, votes: int, pack: str, effort: Any, max_output_tokens: int, context_tokens: int | None, base_url: str | None,
    concurrency: int = JudgingOptions.concurrency, timeout_s: float = JudgingOptions.timeout_s,
    max_cost: float | None = None, price_text: str | None = None, cache: Path | None = None, batch: bool = False,
) -> JudgingOptions:  # fmt: skip
    """Make one value of the options above.

    Raises:
        UsageError: the price cannot be read.
    """
    return JudgingOptions(
        votes=votes,
        pack=pack,
        effort=effort,
        max_output_tokens=max_output_tokens,
        context_tokens=context_tokens,
        base_url=base_url,
        concurrency=concurrency,
        timeout_s=timeout_s,
        deadline_s=max(JudgingOptions.deadline_s, 3 * timeout_s),
        max_cost=max_cost,
        price=_price(price_text),
        cache=cache or _user_cache(),
        batch=batch,
    )


def _user_cache() -> Path:
    """The cache folder of the XDG base directory specification."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "patch-verdict" / "replies.sqlite"


def _price(text: str | None) -> Price | None:
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split("/")]
        if len(numbers) == 2 and all(0 <= number < 1e6 for number in numbers):
            return Price(input=numbers[0], output=numbers[1])
    except ValueError:
        pass
    raise UsageError(f"--price {text!r}: write it as IN/OUT, US dollars for a million tokens, such as 1.25/10")


def input_defaults(repos: tuple[str, ...], base: str | None, human: str | None, benchmark: Path | None) -> Defaults:
    """Make one value of the input options.

    Raises:
        UsageError: a repository is not there, or two have one name.
    """
    return Defaults(repos=_named(repos), base=base, human=human, benchmark=benchmark)


def _named(repos: tuple[str, ...]) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for given in repos:
        name, equals, path = given.partition("=")
        if not equals or Path(given).is_dir():
            name, path = "", given
        if name in paths:
            raise UsageError(
                f"--repo {given!r}: {'a repository without a name' if not name else repr(name)} was given before"
            )
        if not Path(path).is_dir():
            raise UsageError(
                f"--repo {given!r}: {path!r} is not a directory; give the path of a repository or source directory"
            )
        paths[name] = Path(path)
    return paths
