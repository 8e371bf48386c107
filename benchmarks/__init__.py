"""What `make bench` runs: each module measures one thing beside a peer, in the same run."""
