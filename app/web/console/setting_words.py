"""The sentence about each setting in Chinese; in English it is that of the setting itself. A test wants one for each."""

from __future__ import annotations

from collections.abc import Mapping

from app.pipeline.operators.settings_view import SettingView
from app.web.languages import current_language

CHINESE: Mapping[str, str] = {
    "APP_ENV": "运行环境：dev（开发）、test（测试，仅警告）或 prod（生产，拒绝不安全的设置）。",
    "PUBLIC_BASE_URL": "外界访问本网关的地址，不带路径；回调地址和登录返回地址都由它生成。",
    "SECRET_KEY": "用于封存令牌、签名 state；逗号分隔可轮换，第一个用于写入。旧密钥请保留 RETENTION_BODY_DAYS 天：事件中封存的内容要靠它打开。",
    "DATABASE_URL": "sqlite:///…、postgresql://… 或 mysql://…（MariaDB）；?prepare_threshold=none 不使用预处理语句，在 PgBouncer 后面会自动如此。",
    "CHANNELS_FILE": "写有渠道、路由和转发目标的文件。",
    "HANDLERS": "除 handlers/ 目录外还要加载的 Python 模块，以逗号分隔。",
    "ENGINE": "由谁执行后台任务：服务进程的线程，或 Celery worker。",
    "CELERY_BROKER_URL": "RabbitMQ（amqp://…）或 Redis（redis://…）的地址；ENGINE=celery 时必填。",
    "CELERY_QUEUE": "消息队列的名称，也是 Redis 上键的前缀；每个网关各用一个。",
    "SERVE_ON_ONE_CORE": "服务进程固定在一个 CPU 核心上，速度更快；0 表示可用所有核心。",
    "RATELIMIT_STORAGE_URI": "限流计数保存在哪里；内存中最多 100,000 个计数器，多进程时请用 Redis。",
    "RATELIMIT_ENABLED": "0 关闭所有限流（用于压测）。",
    "BANS_ENABLED": "被拒绝的请求过多的来源会被封禁，时间逐次延长；0 表示只限速不封禁。",
    "BAN_AFTER": "同一来源十分钟内累计多少次验证失败、错误的 API 令牌或不存在的渠道后封禁。",
    "API_TOKENS": "管理 API 的令牌，以逗号分隔：name:token 或 name:token:read+send+bind+replay。",
    "ADMIN_PASSWORD": "控制台第一个用户 admin 的密码，其他人由其添加；留空则没有此用户。",
    "CONSOLE_ADMINS": "可使用控制台的平台账号，以逗号分隔：channel:subject[:role]（如 feishu:ou_…:operator）；不写角色即为只读。",
    "CA_BUNDLE": "访问平台和转发目标时额外信任的证书机构（PEM 文件）。",
    "TRUSTED_PROXIES": "前面有几层代理的 X-Forwarded-* 可信。",
    "FORCE_HTTPS": "1 拒绝明文 http 并发送 HSTS；生产环境默认为 1。",
    "MAX_BODY_BYTES": "请求体的最大字节数，按实际读取的字节计算。",
    "MAX_WAITING": "最多允许多少个到期未执行的派发；超过后回调返回 503 和 Retry-After；0 表示不限制。",
    "MAX_WAITING_SECONDS": "其中最早的一个最多可等待多少秒；超过后回调返回 503 和 Retry-After；0 表示不限制。",
    "LEAST_FREE_DISK_MB": "SQLite 文件所在磁盘至少应剩余多少 MiB；低于此值回调返回 503 和 Retry-After；0 表示不限制。",
    "SESSION_TTL": "一个会话令牌的有效秒数；使用时自动续期。",
    "SESSION_MAX_AGE": "整个会话最长的秒数。",
    "REFRESH_BUFFER": "用户令牌在到期前多少秒刷新。",
    "FLOW_TTL": "一次登录最多可用多少秒完成。",
    "BINDCODE_TTL": "绑定码的有效秒数。",
    "RETENTION_BODY_DAYS": "事件正文保留的天数。",
    "RETENTION_EVENT_DAYS": "事件保留的天数。",
    "RETURN_URLS": "登录后允许返回的完整地址，以逗号分隔。",
    "CALLBACK_ALLOWED_HOSTS": "调用方给出的 callbackUrl 允许使用的内网主机。",
    "CALLBACK_DEFAULT_CHANNEL": "/api/platform/callback 对应的渠道。",
    "WECHAT_DEFAULT_CHANNEL": "不带名称的 /wechat 对应的渠道。",
    "LOG_FORMAT": "json 或 console；生产环境默认为 json。",
    "LOG_LEVEL": "记录日志的最低级别。",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "填写收集器地址即启用链路追踪。",
    "SANDBOX": "1 允许使用模拟器；开发环境默认为 1，生产环境会拒绝。",
    "DATABASE_PASSWORD": "DATABASE_URL 中没有密码时使用的密码；可含任意字符，原样填写，无需编码。",
    "CELERY_BROKER_PASSWORD": "CELERY_BROKER_URL 中没有密码时使用的密码；可含任意字符，原样填写，无需编码。",
    "METRICS_ALLOWED": "无需令牌即可读取 /metrics 的地址或网段，以逗号分隔。",
    "CORS_ORIGINS": "允许哪些来源的网页携带 Bearer 令牌调用 /api/v1/，以逗号分隔。",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf 或 grpc。",
    "OTEL_EXPORTER_OTLP_HEADERS": "收集器要求的请求头，形如 name=value，以逗号分隔。",
    "OTEL_SERVICE_NAME": "链路追踪中本网关的名称。",
    "OTEL_TRACES_SAMPLER": "收集哪些链路，取值同 OpenTelemetry。",
    "OTEL_TRACES_SAMPLER_ARG": "traceidratio 的采样比例，0 到 1。",
    "CLIENT_REGISTRATION": "1 允许运维人员登记通过本网关登录的系统（§7a）。",
    "SANDBOX_URL": "模拟器监听的地址。",
}


def about(setting: SettingView) -> str:
    """Return the sentence about a setting in the reader's language."""
    chinese = CHINESE.get(setting.name, setting.about)
    return chinese if current_language().locale.startswith("zh") else setting.about
