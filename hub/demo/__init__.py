"""One order from the site to the car boot, driven from outside over HTTP as people would."""
