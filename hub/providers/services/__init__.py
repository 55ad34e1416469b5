"""What others ask of providers."""

from hub.providers.services.accounts import Account as Account
from hub.providers.services.accounts import account_named as account_named
from hub.providers.services.accounts import connector_for as connector_for
from hub.providers.services.accounts import providers_of as providers_of
