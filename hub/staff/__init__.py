"""What all staff pages share: bases, store scope, navigation, first page, log-in."""
