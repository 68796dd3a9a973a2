"""`dashscope-mock completion`: what a shell needs to complete the command line, of which it is told all."""

import argparse
import sys

SHELLS = ("bash", "zsh", "tcsh")
"""The shells that shtab writes for."""

_WHERE = """\
where it goes:
  bash  ~/.local/share/bash-completion/completions/dashscope-mock
  zsh   _dashscope-mock in a folder of $fpath
  tcsh  any file that ~/.tcshrc sources"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    completion = commands.add_parser(
        "completion",
        help="write what a shell needs to complete this command line",
        description="Writes a shell's completion of this command line to stdout.",
        epilog=_WHERE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument("shell", choices=SHELLS, help="which shell")
    completion.set_defaults(run=_completion)


def _completion(options: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415 - no other command needs it

    sys.stdout.write(shtab.complete(options.parser, shell=options.shell) + "\n")
    return 0
