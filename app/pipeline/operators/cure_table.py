"""What each reason of a refusal means and what cures it, in both languages. Words only; who asks for them is cures.py."""

from __future__ import annotations

from app.pipeline.operators.cure_words import (
    BODY_CHANGED,
    COPY_AGAIN,
    LACKING_PROOF,
    NEW_KEYS,
    NOT_ENTERED,
    NOTHING,
    ONE_SENDER,
    OTHER_ID,
    SAME_MODE,
    SET_CLOCK,
    SET_KEYS,
    UNREADABLE,
    WRONG_SIGNATURE,
    Cure,
    Words,
)

OF_REASONS: tuple[tuple[Cure, str], ...] = (
    (WRONG_SIGNATURE, "bad_signature signature_mismatch"),
    (BODY_CHANGED, "body_changed wrong_body body_does_not_match_token"),
    (
        Cure(
            Words(
                "The token or password that came is not the one of this channel.",
                "收到的令牌或密码与本渠道的不同。",
            ),
            Words(
                "Enter the same text on both sides: compare {keys} with the platform's page, without blanks, and reload.",
                "请在两边填写相同的文本：对照平台页面检查 {keys}，不要带空格，然后重新加载配置。",
            ),
        ),
        "bad_token wrong_verification_token bad_password bad_client_state",
    ),
    (
        LACKING_PROOF,
        "missing_signature missing_signature_header missing_token signature_missing missing_parameter missing_value "
        "missing_validation_tokens",
    ),
    (
        Cure(
            Words(
                "The proof has another form than this platform uses.", "用于验证的内容在形式上与该平台不符。"
            ),
            ONE_SENDER,
        ),
        "malformed_signature signature_malformed bad_signature_header bad_signature_type bad_token_header bad_key_claim bad_key_name "
        "bad_key_address key_address_not_allowed wrong_value unsigned_value bad_query",
    ),
    (
        Cure(
            Words(
                "A header or parameter came twice, or two that must agree differ.",
                "某个请求头或参数出现了两次，或两处应一致的内容不同。",
            ),
            Words(
                "A proxy probably adds its own: let it pass on the sender's and nothing else.",
                "多半是代理自行添加了一份：请让它只转发发送方的内容。",
            ),
        ),
        "duplicate_header duplicate_parameter duplicate_item duplicate_field contradicting_parameters",
    ),
    (
        Cure(
            Words(
                "The time that was signed lies too far from this machine's clock.",
                "签名中的时间与本机时钟相差过大。",
            ),
            SET_CLOCK,
        ),
        "timestamp_outside_tolerance token_expired token_not_yet_valid token_from_the_future certificate_not_in_force",
    ),
    (
        Cure(
            Words(
                "The signed time is missing, or written otherwise than this platform writes it.",
                "缺少签名时间，或其写法与该平台不同。",
            ),
            ONE_SENDER,
        ),
        "bad_timestamp bad_token_time",
    ),
    (
        Cure(
            Words(
                "The same request came before: the sender repeats it as it was, or somebody replays a copy.",
                "同一请求此前已收到：发送方原样重发，或有人重放了副本。",
            ),
            Words(
                "Let the sender sign each request with a fresh nonce. If you do not know who sends it, look at its address.",
                "请让发送方每次使用新的随机串签名；若不清楚是谁发送的，请查看来源地址。",
            ),
        ),
        "nonce_reused nonce_is_a_time",
    ),
    (
        Cure(
            Words(
                "The mode differs: one side encrypts and signs, the other does not expect it so.",
                "模式不同：一边加密或签名，另一边却不是这样设置的。",
            ),
            SAME_MODE,
        ),
        "body_not_encrypted unsigned_and_unreadable encrypted_body_in_plain_mode signature_in_place_of_msg_signature token_needed",
    ),
    (
        Cure(
            Words(
                "The body does not open: the key for decrypting is another one, or the body is for another account.",
                "请求体无法解密：解密密钥不一致，或内容属于另一个账号。",
            ),
            COPY_AGAIN,
        ),
        "decrypt_failed wrong_aes_key_or_receive_id ciphertext_not_base64 bad_ciphertext",
    ),
    (
        OTHER_ID,
        "wrong_app_id wrong_receive_id wrong_ToUserName wrong_account wrong_tenant wrong_audience wrong_issuer wrong_claim wrong_email "
        "wrong_path wrong_qsh wrong_purpose email_not_verified",
    ),
    (
        Cure(
            Words(
                "The request names a key or certificate that is not known here or cannot be trusted.",
                "请求所指的密钥或证书在这里不存在或不可信。",
            ),
            NEW_KEYS,
        ),
        "unknown_key unknown_certificate foreign_certificate untrusted_certificate bad_certificate bad_chain",
    ),
    (
        Cure(
            Words(
                "Nothing can be proven: {keys} is not set on this channel.",
                "无法验证：本渠道没有设置 {keys}。",
            ),
            SET_KEYS,
        ),
        "no_secret token_not_set token_or_aes_key_not_set verification_token_not_set app_secret_not_set resource_data_not_configured",
    ),
    (
        Cure(
            Words(
                "The request is signed by a method or version that this channel does not take.",
                "请求使用了本渠道不接受的签名方式或版本。",
            ),
            Words(
                "Choose the method of signing at the platform that the channel's page names; the sentence above says which one came.",
                "请在平台上选择本渠道页面所写的签名方式；上面的说明指出了收到的是哪一种。",
            ),
        ),
        "algorithm_not_allowed sign_method_not_allowed sign_type_not_allowed signature_version_not_allowed sha1_is_for_old_cards_only "
        "wrong_version unknown_algorithm unknown_message_type",
    ),
    (
        Cure(
            Words(
                "A set-up request of another form than this platform's: perhaps somebody opened the address in a browser.",
                "接入检查请求的形式与该平台不符：可能是有人用浏览器打开了此地址。",
            ),
            Words(
                "Save the address once more on the platform's page, so that the platform itself checks it.",
                "请在平台页面重新保存该地址，让平台自己来检查。",
            ),
        ),
        "bad_challenge bad_echostr challenge_without_value no_set_up_request challenge_is_no_event bad_validation_token",
    ),
    (
        Cure(
            Words(
                "WeChat Pay tries now and then whether wrong signatures are refused; this was such a probe.",
                "微信支付会不时探测错误的签名是否会被拒绝；这是一次这样的探测。",
            ),
            NOTHING,
        ),
        "signature_probe",
    ),
    (
        UNREADABLE,
        "unreadable_body unreadable_json unreadable_item unreadable_message not_json not_a_json_object not_a_form bad_data "
        "truncated_body not_verified_here",
    ),
    (
        Cure(
            Words(
                "What came is none of this platform's callbacks; another service seems to use the address.",
                "收到的并非该平台的回调；似乎有其他服务在使用此地址。",
            ),
            ONE_SENDER,
        ),
        "not_a_message not_a_notification not_a_webhook no_alerts no_events no_items no_list no_message no_entries",
    ),
    (
        Cure(
            Words(
                "One delivery holds more events than are taken at once.", "一次推送包含的事件超过上限。"
            ),
            Words("Let the sender send smaller batches.", "请让发送方减小每批的数量。"),
        ),
        "too_many_events too_many_entries",
    ),
    (
        Cure(
            Words(
                "The event type in the header and in the body differ.", "请求头与请求体中的事件类型不一致。"
            ),
            Words(
                "Send the same type in both, or leave the header out.", "请在两处填写相同的类型，或去掉请求头。"
            ),
        ),
        "event_type_mismatch event_type_only_in_header",
    ),
    (
        Cure(
            Words(
                "A click on an old message card, which this channel does not take.",
                "这是旧版消息卡片的点击，本渠道不接收。",
            ),
            Words(
                "Set old_cards = true in the channels file, or send cards of the new form.",
                "请在渠道文件中设置 old_cards = true，或改发新版卡片。",
            ),
        ),
        "old_cards_not_taken",
    ),
    (
        Cure(
            Words(
                "The subscription has raw message delivery, which is not signed.",
                "该订阅开启了原始消息投递，因此没有签名。",
            ),
            Words(
                "Switch RawMessageDelivery off at the subscription.", "请在订阅中关闭 RawMessageDelivery。"
            ),
        ),
        "raw_delivery",
    ),
    (
        Cure(
            Words(
                "No event has told of this account or tenant, or it has left.",
                "还没有事件告知过该账号或租户，或它已解除授权。",
            ),
            Words(
                "Let the account authorise the application again.", "请让该账号重新授权（安装）应用。"
            ),
        ),
        "unknown_account unknown_tenant",
    ),
    (
        Cure(
            Words(
                "The channel's address rules keep this sender out.", "本渠道的地址规则拒绝了该来源。"
            ),
            Words(
                "If it is the platform, add its address to ip_allowlist (or take it out of ip_denylist). If the address is your proxy's, "
                "set TRUSTED_PROXIES to the number of proxies in front.",
                "若确是平台，请把其地址加入 ip_allowlist（或从 ip_denylist 去掉）；若显示的是代理的地址，请把 TRUSTED_PROXIES "
                "设为前置代理的数量。",
            ),
        ),
        "address_not_allowed",
    ),
    (
        Cure(
            Words(
                "The request came by a method that this platform does not use, as a browser's visit does.",
                "请求方法不是该平台所用的，例如用浏览器打开了此地址。",
            ),
            NOTHING,
        ),
        "method_not_allowed",
    ),
    (
        Cure(
            Words(
                "Too many requests came in too short a time.", "短时间内的请求过多。"
            ),
            Words(
                "Wait a minute; if the platform really sends so much, raise rate_limit or rate_limit_per_address of the channel.",
                "请等待一分钟；若平台确有这么多请求，请提高渠道的 rate_limit 或 rate_limit_per_address。",
            ),
        ),
        "rate_limited",
    ),
    (
        Cure(
            Words("The request is larger than is taken here.", "请求超过了这里的大小上限。"),
            Words(
                "If the platform really sends so much, raise max_body_bytes of the channel (or MAX_BODY_BYTES).",
                "若平台确会发送这么大的内容，请提高渠道的 max_body_bytes（或 MAX_BODY_BYTES）。",
            ),
        ),
        "body_too_large headers_too_large",
    ),
    (
        Cure(
            Words(
                "The body did not arrive whole in time.", "请求体没有在时限内完整到达。"
            ),
            Words(
                "Let the proxy read requests whole before it passes them on (nginx: proxy_request_buffering on).",
                "请让代理先完整接收请求再转发（nginx：proxy_request_buffering on）。",
            ),
        ),
        "body_too_slow",
    ),
    (NOT_ENTERED, "unknown_channel"),
    (
        Cure(
            Words(
                "No handler and no destination takes this type of event, and the channel refuses such.",
                "没有处理函数或转发目标接收此类事件，而本渠道设置为拒绝。",
            ),
            Words(
                'Add a handler or a destination for this type, or set unknown_events = "store".',
                '请为该类型添加处理函数或转发目标，或设置 unknown_events = "store"。',
            ),
        ),
        "unknown_event_type",
    ),
    (
        Cure(
            Words("The address names a version of the interface that does not exist.", "地址中的接口版本不存在。"),
            Words("Use v1 or v2.", "请使用 v1 或 v2。"),
        ),
        "unknown_version",
    ),
    (
        Cure(
            Words("An operator has switched this channel off.", "本渠道已被运维人员停用。"),
            Words(
                "Switch it on here or with `flask channels enable`; the platform then sends again.",
                "请在此处或用 `flask channels enable` 启用；之后平台会重新发送。",
            ),
        ),
        "channel_disabled",
    ),
)  # fmt: skip
