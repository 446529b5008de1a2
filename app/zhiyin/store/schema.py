"""The schema version that this build knows; kept apart from the migrations so that an ordinary start need not import them."""

VERSION = 3  # how many migrations there are (a test holds this to be true)
APPLICATION_ID = 0x5A48594E  # "ZHYN", at offset 68 of the file: whose database this is
