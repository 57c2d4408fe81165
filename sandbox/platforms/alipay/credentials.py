"""The fictional application of the simulated Alipay, and the gateway's sample channel for it. The keys were made for this file."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

APP_PRIVATE_KEY = (
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDlLed4PJOT12JAU02AYRus/watpnSsgFBjZU7QQ74WbXV0t4Gy"
    "U1SnJvCcR9B7wveyVESTonDtW40xpjDn4sbKo72BjNidIioE6kgP1IqJHsW6CPYBIdLx3JsuGGr05PpM5p7fC2ci2nnN2J3VUfqg"
    "uA5a0JLQwa6rEDeb7WQWZFk7UfVAO9BD9J3TARreICNJKkeS8xslRSpgy+/rfhrzhLGRp/0VAPmE0yE4n8oD02gktgIV7CDgqTt7"
    "zHZooMClBmJgKyDc5g9GWsYND7plEuD5Lh3A2dcc53i96oL7ewWQUDaJv64dzp+mcon4pBlsPMraxdJGPHzvWjz44HnpAgMBAAEC"
    "ggEAAhRp6NQ6XJ6Fe+zM/F0RiuF40XdK5HPbVar2frYH5Zzl/GT5dejH6ZzfCxtoMPkseAk+HesrpssnjL9LJmZUK7pdNNoHjL0w"
    "l22FAEbaJUwF2KMTLkfVfZJ4vZN2TfBlPslU1HIIPNbsywvYTjZ3H3BUxQRwYUDTx6/cBt5Bvv5pMqHbRA7sVSFW/7Cx0Lybp+qD"
    "F3SBqtcMya3MWP4fQE7YkZ5SGqVr7J5tqnr/XjoUtyUkxHjIoFFXZmX/s+Lhh88I+LBW+vATUyBWigI+bKJi/b5rZyzfZs72VhE1"
    "5H8XW78QVqgV+Ople/OPy3RdpRD7fqqDiHStHfh0aDSUZwKBgQD0tJ91GEAM0TWGb96/1glbMFXa9bUGDYrVXS6HGDNMzU/ofUuo"
    "kgF6aBvw8G1NL0l4eP2iCIDIfbpmYLbIG1yocJn6kcxayalChPqobECzNyaMDcDAuJDLrZyP4QU6kBSPAM4hGqu7QdT2MvQYH654"
    "SjNuPDA6l7YUIUE05wjtgwKBgQDvwdPFi2KOCIR2QTYSKqgz9pYr9kUIYLYBdWXe0x+F7jTOLWx98rzUZ/EPeY/gg7gzc5/HLXLz"
    "pr4D9FJhSOR0jaWRQ7LWNpwH41gD2cmPc6M3tX6EoDJ6tcdpfNHUrDS+JqDj790giSM6A6yDMNm9dK1iqiLxFCtfI74LccErIwKB"
    "gCcVDf6in+AsLbNJ/LaA1b+1qZCt+3p7AThwiHTVHaRfiiqkkEfdAdVt+UBy9dIFAmP2VvPhDch3pCSjv62YCSVxznXhgVTirmDM"
    "Ykgx+edloIdvzuA42g9drAqisrYWuuHYDBPncZQXwI6NtsR/ktrtZudtP3qsLk1qvkJXv+pHAoGBAOQdxDNZijzfZ8DoDN0+DunZ"
    "/Un4t/ffpGxA2dsnfv+8BCwDVg2DrhxehSKXI8iXKuRxZ51n5c5jYLl8dgEwDIXE27oZ8ocUUGLE8VJAniFKAgqYObdQgJb2a7Q3"
    "WaIC8u/U6xHUf81cDdM9+Z6dFR7Ia8vLWxGLgjS0WjajVgqHAoGBAPD0WeUey3bKK+8KMQAoOcJxBoxTgLIMuOvtOLGvALM8rqu5"
    "U+IkFTC6EcxzRtdAgw5tPivWLzB9ab+a6MhbrHAQMEf59ttDW/l25APQvQkccK7Iw1S6vy2a9CVBu91R4Hmz6s3qOnHZMxa4lZ4N"
    "PKC7hroufe3JeGF7BgsMd0ok"
)

ALIPAY_PRIVATE_KEY = (
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC7sejkMu1JBtAY5/AJyKy5ZQ0g1FBbVBB9tjiVqqse8NE3A0dp"
    "Ba3UYp/paBlR2GOXDWbo11+MRAh+EsZ4kyBFOykEedZWqEPgz1bMtvSSBmIpNadP5sdd8S6WnrFqVgTvkeTM4GFhl9S8OSWu2PO2"
    "yxIWbpCuZk+yTT35CUICJS90pFMcNWSHMsNniUz4I7mVetqAI+QxUyLeqYFfDI2XUKO5dU9TFDjt4fiZ4L2UQQTW1Nf7H+AWShPR"
    "SIsTNdFmUUBR2u6OVP9QUGLTr4sBSYGyh+E/tjDGYDkyZSBi9MOpY894ddzmOOeNVDAcEqE3l7vcsobhnw+RdZE8ItRVAgMBAAEC"
    "ggEAClmvPBZK24ISq6zuobt9OuQFq0/J9p9WIXiQ+j/lG9mvz9bQc0wq39FofBiPfOHv6/6DNEfcLwH5bepfI3sJhofSpTqKxVCW"
    "HamRYcydBAhyFU+uIEvbpqSMKyYpJnID56ol8d5VwGn9Azwrhc7U8bmVD8OdGuDteCmmRztpdnC6UfSZXMZjYU4EtEsH41Ec73Md"
    "yrDgmgbbBzWY3VvKi5M4/qy2EakioqY49jtH24ZCls/H8eyW5qzvjU0CzWgurE0bcNXgnNbOup1LegEKbmKIB+gvxZCFXQOOxxhN"
    "woH70J7I4uufakMYD411mG+HPmBqES6hGtub1z0yWbXrQQKBgQDjbblJ6Iw5suM3T/Ltc/0vhZfqWAjpK5cmF7gg9MLnL4gJIzwT"
    "FBUNpd75o2eTqzbjEJozmYYZCmEgkyEXOoXQPHLPEoCJeaAnhLGC31DlS+X6mEprrVhmMDC9BylrT/qw2aa2flh72le9R9kOq17e"
    "roA/t5zXYvGFUPrBzjYaSQKBgQDTRlJc1QrEkH4oDNbSGojXX+1VdxxOQtVFl3BPEEesZoZnKtuJtsPt8/CbMay5ypJpYlMY/2J3"
    "nvnvQl1Hwc8GXwLew3BkmukCMjBdYiDZCMPVsvJBK8aP97tUUCIBGBheR4zSlleVDES8trXXx1NN8mCyk0FxDdtkXZcscXKJrQKB"
    "gG+ZZQXGbiDWDjcTLTKl6wSJup0M6/p3IGlZ1EmfsZA+O7O4LX9zKE2VKlA3hdjpeDp96B0P5cSd2kFg0SkT15vyPags/RP4scUS"
    "kQSWTpzl3IlWd5ZU7n7egNwRCpsVGP/1HaCJaSQFZW6FNhbDsv70hAxALl9mtvtjXFkDtnq5AoGALI/ViW0KA2GyqkHjAZfFKyA5"
    "j+A6oSspjq8dah+17mAFkzcP7SEWfFcKdcFpfBqE/SNXAZvEKhTnBJcL07nGL8LUeSXhy+Z8pRDu8JNk+EIIBEflHufbzrvi0CrC"
    "sVZitWgEBNrfCDn5OZCUFDofkP5BdQjoMa9JigbPfvlCvlUCgYBLzgTPe6ziMAvmS8ALrqFj8tD1kgfkD+vJA9hSMSOLhbhoeCpl"
    "VjVfLjdIu+Pjx40l7eNIKfoeLaoWLAqrWiZXw7rzRt6amzP1kb5lX1Dt/1Bc1p6yjT+scZH3yvCDfWbrPV7DytO1JUSlgYx3FaAH"
    "FgZDtYClktT5CNyJOnM/Ow=="
)

ALIPAY_PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu7Ho5DLtSQbQGOfwCcisuWUNINRQW1QQfbY4laqrHvDRNwNHaQWt1GKf"
    "6WgZUdhjlw1m6NdfjEQIfhLGeJMgRTspBHnWVqhD4M9WzLb0kgZiKTWnT+bHXfEulp6xalYE75HkzOBhYZfUvDklrtjztssSFm6Q"
    "rmZPsk09+QlCAiUvdKRTHDVkhzLDZ4lM+CO5lXragCPkMVMi3qmBXwyNl1CjuXVPUxQ47eH4meC9lEEE1tTX+x/gFkoT0UiLEzXR"
    "ZlFAUdrujlT/UFBi06+LAUmBsofhP7YwxmA5MmUgYvTDqWPPeHXc5jjnjVQwHBKhN5e73LKG4Z8PkXWRPCLUVQIDAQAB"
)

CREDENTIALS = (
    Credential("ALIPAY_APP_ID", "2021000000000016"),
    Credential("ALIPAY_SELLER_ID", "2088000000000016"),
    Credential("ALIPAY_APP_PRIVATE_KEY", APP_PRIVATE_KEY),
    Credential("ALIPAY_PUBLIC_KEY", ALIPAY_PUBLIC_KEY),
    Credential("ALIPAY_PRIVATE_KEY", ALIPAY_PRIVATE_KEY, in_example=False),
)
ADDRESSES = (Address("ALIPAY_GATEWAY_URL", "/alipay/gateway.do"), Address("ALIPAY_OPENAUTH_BASE", "/alipay"))
CHANNEL = SampleChannel(
    "alipay",
    "Alipay",
    {
        "app_id": "${ALIPAY_APP_ID}",
        "seller_id": "${ALIPAY_SELLER_ID}",
        "app_private_key": "${ALIPAY_APP_PRIVATE_KEY}",
        "alipay_public_key": "${ALIPAY_PUBLIC_KEY}",
        "gateway_url": "${ALIPAY_GATEWAY_URL:-https://openapi.alipay.com/gateway.do}",
        "openauth_base": "${ALIPAY_OPENAUTH_BASE:-https://openauth.alipay.com}",
    },
)
