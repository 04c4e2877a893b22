"""HTTP to Nevent: session, contract and errors."""
