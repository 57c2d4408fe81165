"""What API, terminal and console read and do: events, channels, bindings, destinations, dead letters, replay."""
