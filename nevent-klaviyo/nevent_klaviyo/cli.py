"""The command line: one group; each subcommand is a folder with its own `command`."""

from __future__ import annotations

import click

from nevent_klaviyo.conversions.command import conversions
from nevent_klaviyo.fan.command import fan
from nevent_klaviyo.verify.command import verify

COMMANDS: tuple[click.Command, ...] = (verify, fan, conversions)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nevent-klaviyo")
def main() -> None:
    """Look at Nevent and Klaviyo together. Nothing is changed on either side.

    Settings come from the environment: NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN and
    NEVENT_KLAVIYO_KLAVIYO_API_KEY are required; where they are not set, the plugins' own
    TAP_NEVENT_AUTH_TOKEN and TARGET_KLAVIYO_API_KEY serve. The README lists the others.
    """


for _each in COMMANDS:
    main.add_command(_each)


if __name__ == "__main__":
    main()
