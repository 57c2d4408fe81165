"""What the site has, in the order of its menu: learn, do, look up, understand. Nothing is read or written here."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "zh-CN")


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in both languages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        """Return them in one language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its file under docs/ without the language, and its words in the menu."""

    file: str
    title: Words


@dataclass(frozen=True, slots=True)
class Section:
    """Pages that belong together."""

    title: Words
    pages: tuple[Page, ...]


def _page(file: str, en: str, zh: str) -> Page:
    return Page(file, Words(en, zh))


CONTENTS = (
    Section(
        Words("Learn", "入门"),
        (
            _page("index.md", "What Callgate is", "Callgate 是什么"),
            _page("tutorials/feishu.md", "Ten minutes with a Feishu app", "十分钟接入飞书应用"),
            _page("tutorials/wechat-test-account.md", "With a WeChat test account", "使用微信公众平台测试号"),
        ),
    ),
    Section(
        Words("Do", "操作指南"),
        (
            _page("console.md", "The console", "控制台"),
            _page("handlers.md", "Handlers", "处理函数"),
            _page("receiving.md", "Receive forwarded events", "接收转发的事件"),
            _page("messages.md", "Send messages", "发送消息"),
            _page("notifications.md", "Notifications", "通知"),
            _page("logins.md", "Logins described by data", "用数据描述的登录"),
            _page("issuer.md", "Log people in elsewhere", "让其他系统用它登录"),
            _page("issuer-clients.md", "Well-known systems as clients", "常见系统的配置"),
            _page("sources.md", "Sources described by data", "用数据描述的来源"),
            _page("relay.md", "Share tokens with other services", "与其他服务共用令牌"),
            _page("environments.md", "Environments and tunnels", "环境与内网穿透"),
            _page("deployment.md", "Deploy", "部署"),
            _page("operations.md", "Back up, restore, move", "备份、恢复与迁移"),
            _page("upgrading.md", "Upgrade", "升级"),
            _page("metrics.md", "Metrics and logs", "指标与日志"),
            _page("observability.md", "Traces and alerts", "链路追踪与告警"),
            _page("troubleshooting.md", "When something is wrong", "排错指南"),
        ),
    ),
    Section(
        Words("Look up", "参考"),
        (
            _page("contract.md", "The outside contract", "对外约定"),
            _page("api.md", "The API", "API"),
            _page("platforms/sources.md", "All sources", "全部来源"),
            _page("platforms/logins.md", "All logins", "全部登录"),
        ),
    ),
    Section(
        Words("Understand", "原理"),
        (
            _page("architecture.md", "Architecture", "架构"),
            _page("security.md", "Security model", "安全模型"),
            _page("what-it-is-not.md", "What it is not", "它不是什么"),
            _page("drills.md", "Drills", "故障演练"),
            _page("drills-results.md", "What the drills found", "演练结果"),
            _page("benchmark.md", "Benchmark", "性能测试"),
            _page("adding-a-platform.md", "Add a platform", "添加平台"),
        ),
    ),
)
"""The menu. Pages of platforms and decision notes are added behind it by listing."""

PLATFORMS = Words("Platforms", "平台")
DECISIONS = Words("Decisions", "决策记录")
NOT_TRANSLATED = Words("", "此页暂无中文版，以下为英文原文。")
"""What stands above a page that has one language only; such pages are for those who work on Callgate."""
