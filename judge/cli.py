"""The command line: finds the subcommands, owns the one error boundary and the exit codes.

0 done    1 --strict found a candidate that is no true success    2 bad usage or input
3 graded in part: something could not be graded    70 a bug of this program    130 interrupted
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from judge.errors import ExitCode, JudgeError
from judge.lib.distribution import DISTRIBUTION

_COMMANDS = Path(__file__).with_name("commands")
_WIDEST_HELP = 110

_HELP = """Tell real speed-ups from fake ones.

\b
Exit codes:
  0    done
  1    --strict found a candidate that is no true success
  2    bad usage or input
  3    graded in part
  70   a bug of this program
  130  interrupted
"""


class Commands(click.Group):
    """The files of `commands/`, each imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the subcommands' names."""
        return sorted(file.stem for file in _COMMANDS.glob("[!_]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one subcommand."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"judge.commands.{cmd_name}").command
        assert isinstance(command, click.Command), f"{_COMMANDS / cmd_name}.py defines no click command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands by the first sentence of each, read from its file: importing them all takes a second."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help(_COMMANDS / f"{name}.py")) for name in self.list_commands(ctx)])


def short_help(file: Path) -> str:
    """Return the first paragraph of the docstring of `command` in a subcommand's file."""
    import ast

    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            paragraph = (ast.get_docstring(node) or "").partition("\n\n")[0]
            return " ".join(paragraph.split()).removesuffix(".")
    return ""


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        ctx.exit()


@click.group(
    cls=Commands,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST_HELP},
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def cli(debug: bool) -> None:
    """Hold what all subcommands share; what `--debug` asks for is done by `main`, which sees every error."""


def main() -> None:
    """Run the command line; the only place that turns exceptions into exit codes."""
    debug = "--debug" in sys.argv[1:]
    try:
        code = cli.main(prog_name="judge", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; run the same command again to go on", err=True)
        sys.exit(ExitCode.INTERRUPTED)
    except JudgeError as error:
        if debug:
            _show_traceback()
        click.echo(f"error: {error}", err=True)
        sys.exit(ExitCode.USAGE)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last boundary: a crash is a bug, and says so
        from judge.commands._crash_log import crash_message

        if debug:
            _show_traceback()
        click.echo(crash_message(error, sys.argv[1:]), err=True)
        sys.exit(ExitCode.BUG)


def _show_traceback() -> None:
    import traceback

    from judge.commands._crash_log import redacted

    click.echo(redacted(traceback.format_exc()), err=True, nl=False)
