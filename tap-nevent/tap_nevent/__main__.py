"""`python -m tap_nevent`."""

from tap_nevent.tap import TapNevent

if __name__ == "__main__":
    TapNevent.cli()
