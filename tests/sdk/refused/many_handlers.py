from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        try:
            n = int(row.name)
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except ValueError:
            n = 1
        except KeyError:
            n = 2  # refused: too-deep@13
        yield row.name, n
