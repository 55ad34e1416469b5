"""What lists say that have no rows yet: where their rows come from, or what to do.

By model, where its page has no note of its own. Written in one place, like the menu, so that the
words of neighbouring pages fit each other.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

NOTES = {
    "stores.Store": _("Make one, or take in many as a table. A new store begins in setup."),
    "stores.Brand": _("The names over the doors: each store and each sales channel has one."),
    "stores.SalesChannel": _("The sites and apps that send orders: name the first one."),
    "stores.PosConnection": _("Connect a store's POS, then ping it."),
    "stores.StoreGroup": _("Put stores in groups to give them settings and closed days together."),
    "staff.Tablet": _("Open this page on the device in hand, and make it a tablet of a store."),
    "staff.StaffKey": _("Name people for the store under «People»; here they get badges."),
    "integration.Wave": _("Waves are made under «Bring stores on line»."),
    "integration.StageChange": _("Moves between stages are kept here, with who made them and why."),
    "api.ApiKey": _("A site needs a key for its calls. It is shown once, when it is made."),
    "webhooks.WebhookEndpoint": _("Say where a site wants to hear of its orders."),
    "webhooks.WebhookCall": _("Calls to sites are kept here, from the first fact on."),
    "inbox.InboundCall": _("What POS and providers call is kept here."),
    "events.Delivery": _("Each fact is delivered to whoever wants it; what waits stands here."),
    "events.Fact": _("All that happens is kept here, from the first order on."),
    "customers.Profile": _("Customers come with their first order."),
    "customers.ConsentEvent": _("What customers allow and take back is kept here as proof."),
    "inventory.Item": _("Make products, take them in as a table, or load a catalogue."),
    "inventory.StockLevel": _("Stock comes with the first stock file, or from the POS."),
    "inventory.InventoryEvent": _("Every change of stock is written here, from the first count."),
    "inventory.Hold": _("Sites hold goods for ten minutes while a customer pays."),
    "inventory.SalesStop": _("Stop an item here, or by a recall; it is not sold until lifted."),
    "inventory.UnavailableUnits": _("Units that are damaged or on display come here."),
    "inventory.IncomingUnits": _("What is on the way to a store is told by its stock files."),
    "inventory.ShortfallCase": _("When more is promised than is there, a case opens here."),
    "inventory.StockFile": _(
        "Upload a file, or let the POS drop them into the folder of a layout."
    ),
    "inventory.FeedLayout": _("Name the columns of files that are not written as the hub does."),
    "inventory.ItemCode": _("Other codes of an item, such as those of the POS, come here."),
    "inventory.UnmappedCode": _("Codes in stock files that stand for no item wait here."),
    "inventory.SourceClock": _("Each source of stock gets a clock with its first file."),
    "inventory.ShelfPlace": _("Say where items stand, and pickers walk in that order."),
    "inventory.SafetyStock": _("Units that are never sold online: for all, a category, an item."),
    "inventory.ChannelBuffer": _("Units that are hidden from one site."),
    "inventory.StoreFeed": _("How late stock may come before a store is told to be late."),
    "inventory.SignalRule": _("Say from which number of units on sites are told of stock."),
    "orders.CurbSettings": _("Stores without settings of their own follow their group or chain."),
    "notifications.Message": _("Messages appear with the first order that a customer places."),
    "providers.Provider": _("Without a provider no text reaches a phone: name the first one."),
}
