# 简体中文
language-name = 简体中文
text-direction = ltr
language-label = 语言
product-name = Innkeeper
footer = 组织及其来宾的目录。

date-time = { $year }年{ $month }月{ $day }日 { $time } (UTC)

# 多个页面共用
skip-to-content = 跳到正文
account-navigation = 我的帐户
admin-navigation = 管理
my-account = 我的帐户
sign-in = 登录
sign-out = 注销
next = 下一步
first-page = 第一页
pages-navigation = 此列表的分页
filter-apply = 显示
filter-clear = 显示全部
next-page = 下一页
yes = 是
no = 否
save = 保存
saved = 已保存，即刻生效。
cancel = 取消
copy = 复制
copied = 已复制
accept = 接受
restore = 还原
choose = 选择
choose-one = 选择 { $name }
leave = 离开
decline = 拒绝
download-data = 下载我的数据
delete-permanently = 永久删除
organization = 组织
organization-unnamed = 该组织
domain = 域名
tenant-id = 租户 ID
request-id = 请求 ID
home-organization = 主组织
permanently-deleted-after = 永久删除时间
privacy-statement-of = { $organization } 的隐私声明
back-to-organizations = 返回“组织”

# 字段的问题
problems-title = 请检查以下字段
problem-missing = 请输入内容。
problem-too-long = 内容过长，请缩短。
problem-not-an-address = 请输入电子邮件地址，例如 privacy@contoso.com。
problem-not-a-link = 请输入以 https:// 或 mailto: 开头的地址。
problem-not-a-domain = 请输入域名，例如 contoso.com。
problem-not-a-user-name = 请使用字母、数字、点、连字符或下划线，不含空格。
problem-taken = 已被使用，请换一个。
problem-password-too-weak = 密码太短或太容易猜到。请使用至少 15 个字符，例如四个随机的词。
problem-passwords-differ = 两次输入的密码不一致，请输入相同的密码。
problem-wrong-secret = 此密钥无效或已失效。请使用命令 innkeeper setup-secret 获取新的密钥，有效期为 30 分钟。
problem-needed-by-policy = 目前不允许外部用户自行离开，因此他们需要此信息。请先允许他们离开，或填写此项。

# 登录
sign-in-title = 登录
sign-in-signed-out = 你已注销。
sign-in-user-name = 用户名
sign-in-user-name-hint = 你的工作帐户，或收到邀请的电子邮件地址。
sign-in-change = 使用其他帐户
sign-in-password = 密码
sign-in-passcode = 验证码
sign-in-passcode-hint = 如果此处有 { $address }，验证码邮件已在途中。验证码只能使用一次。
sign-in-passcode-demo = 在此演示中，验证码会显示在运行服务器的终端里。
sign-in-not-a-user-name = 请以 name@example.com 的形式输入用户名。
sign-in-wrong-password = 用户名或密码不正确。请检查后重试。
sign-in-wrong-passcode = 验证码不正确或已失效。请检查，或重新开始以获取新的验证码。
sign-in-blocked = 此帐户已被阻止登录。请联系主组织的管理员解除阻止。在此之前，你无法登录，也无法自行离开组织。
sign-in-too-many = 尝试次数过多。请在 { $minutes } 分钟后重试。
sign-in-no-organization = 此处没有组织“{ $named }”。请检查所用的链接，或不使用该链接登录。
sign-in-form-too-old = 此页面打开的时间过长。没有丢失任何内容，请重新输入。

# 我的帐户
overview-title = 概述
overview-no-home = 无；你使用电子邮件地址登录
overview-others = { $count ->
    [0] 你不是任何组织的来宾。
   *[other] 你是 { $count } 个组织的来宾。你可以查看这些组织，并离开不再需要的组织。
 }
overview-manage = 管理组织
overview-invitation = { $organization } 邀请了你。
overview-answer = 答复 { $organization } 的邀请

# 组织
organizations-title = 组织
organizations-all = 所有组织
organizations-others = 你与之协作的其他组织
organizations-home-why = 你在主组织中的帐户由管理员管理，因此你无法自行离开主组织，这里也没有“离开”链接。
organizations-none = 这里没有组织。有组织邀请你时，会显示在此列表中。
organizations-invited-by = 邀请人：{ $name }
organizations-invited-at = 邀请时间
organizations-accepted-at = 接受时间
organizations-no-statement = 该组织未发布隐私声明。
organizations-restorable = 管理员可在 { $until } 之前还原你的帐户，此后帐户将被永久删除。
organizations-due = 你的帐户已无法还原，正在永久删除。
organizations-accept = 查看并接受
organizations-pending = { $organization } 邀请了你。接受之前，你还不是其来宾。
organizations-pending-closed = 此邀请已无法接受。请向 { $organization } 索取新的邀请，或拒绝此邀请。
organizations-blocked = { $organization } 已阻止你的帐户：你无法使用该帐户，也无法自行离开。
organizations-needs-permission = 离开需要获得 { $organization } 的许可。
organizations-connected = 你使用主帐户访问 { $organization } 的应用，你在其中没有帐户。
organizations-connected-since = 连接时间
organizations-connected-last = 上次使用
organizations-deleted-at = 删除时间
gone-left = 你已离开 { $organization }。
gone-declined = 你已拒绝 { $organization } 的邀请。
gone-removed = { $organization } 的管理员已移除你的帐户。
gone-home-account-deleted = 你在 { $organization } 中的帐户已随主帐户一起删除。
standing-active = 有效
standing-connected = 已连接
standing-pending = 邀请待接受
standing-blocked = 已阻止
standing-leaving-not-allowed = 不允许自行离开
standing-left = 已离开
standing-declined = 已拒绝
standing-removed = 已移除

# 离开
leave-title = 要离开 { $organization } 吗？
leave-now = 离开后立即
leave-now-text = 你将失去对 { $organization } 的访问权限，你在其中的帐户将被关闭。
leave-until = { $at } 之前
leave-end = { $at } 之后永久删除
leave-until-text = { $organization } 的管理员可以恢复你的帐户，你自己无法恢复。
leave-after-text = 你的帐户以及 { $organization } 在此目录中保存的有关你的数据将彻底消失，任何人都无法恢复。
leave-connection-text = 你将失去对 { $organization } 的应用的访问权限，它在此目录中保存的有关你的数据将被永久删除。
leave-connection-why = 你在 { $organization } 中没有帐户，而是使用主帐户访问其应用。
leave-deleted = 将删除的内容
leave-deleted-account = 你在 { $organization } 中的帐户及其用户名
leave-deleted-profile = 保存在其中的姓名、电子邮件地址和其他资料
leave-deleted-groups = 你在 { $count } 个组中的成员身份
leave-deleted-roles = 你的 { $count } 个目录角色。即使帐户被还原，也不会恢复这些角色。
leave-deleted-apps = { $count } 个应用在其中以你的名义行事的权限
leave-stays = 将保留的内容及原因
leave-stays-audit = 一条“某个帐户已离开”的记录，供 { $organization } 说明发生过的事情。你的姓名会随帐户一起从中清除。
leave-stays-audit-connection = 一条“有人已离开”的记录，供 { $organization } 说明发生过的事情。其中不会写明是谁。
leave-stays-content = 你在 { $organization } 的应用中共享的文件和消息。它们不在此目录中，请向该组织咨询。
leave-first = 离开之前
leave-download = 下载 { $organization } 保存的有关你的数据
leave-download-later = 在永久删除之前，你也可以稍后再下载。
leave-download-now = 离开之后就没有可下载的数据了。
leave-mistake = 如果是误操作
leave-restorable = { $organization } 的管理员可在 { $until } 之前还原你的帐户。你无法自行撤消。

# 拒绝邀请
decline-title = 要拒绝 { $organization } 的邀请吗？
decline-now = 拒绝后立即
decline-now-text = 邀请将无法再使用，你不会成为 { $organization } 的来宾。
decline-until-text = { $organization } 的管理员可以撤消此操作，你自己无法撤消。
decline-after-text = { $organization } 为邀请你而记录的信息（例如姓名和电子邮件地址）将彻底消失。
decline-stays-audit = 一条“某个邀请已被拒绝”的记录，供 { $organization } 说明发生过的事情。删除其他内容时，会从中清除你的姓名。
decline-again = { $organization } 可以再次邀请你，届时你可以重新决定。
decline-confirm = 拒绝邀请

# 回执
receipt-title = 你已离开 { $organization }
receipt-title-declined = 你已拒绝 { $organization } 的邀请
receipt-lead = 请保存或打印此页作为回执。
receipt-account = 你的帐户
receipt-left-at = 离开时间
receipt-declined-at = 拒绝时间
receipt-deleted = 有关你的数据
receipt-deleted-at-once = 离开时已永久删除
receipt-contact = 如需还原，请写信至
receipt-no-contact = 如需还原，请联系 { $organization } 的管理员，或邀请你的人。
receipt-mail-subject = 请求还原我在 { $organization } 中的帐户

# 无法离开
refused-title = 你需要获得许可才能离开
refused-title-not-a-member = 你在该组织中没有帐户
refused-title-already-left = 你已经离开
refused-title-already-declined = 你已经拒绝
refused-title-already-removed = 你的帐户已被移除
refused-title-last-administrator = 你是唯一的管理员
refused-not-a-member = 你在该组织中没有帐户，因此无需离开。
refused-home-organization = { $organization } 是你的主组织。你的帐户由其管理员管理，因此你无法自行离开。
refused-home-account-deleted = 你的主帐户已被删除，因此无法确认要离开 { $organization } 的人是你。
refused-home-account-disabled = 你的主组织已阻止你的帐户。在解除之前，你无法自行离开 { $organization }。
refused-account-disabled = { $organization } 已阻止你的帐户。在解除之前，你无法自行离开。
refused-last-administrator = 你是 { $organization } 唯一的全局管理员。请先将其他人设为全局管理员，然后即可离开。
refused-not-allowed = { $organization } 不允许来宾自行离开。
refused-next = 你可以这样做
refused-permission = 若要获得离开此组织的许可，请向你的管理员或 { $organization } 隐私联系人发送电子邮件请求。
refused-write = 撰写电子邮件
refused-contact = 隐私联系人：
refused-no-contact = { $organization } 未指定隐私联系人。请联系邀请你的人或你在那里的同事，请其将你的请求转告管理员：管理员可以移除你的帐户，或允许你离开。
refused-statement = 你的数据如何处理：
refused-mail-subject = 请求离开 { $organization }

# 页面过旧
stale-title = 此页面已过时
stale-lead = 它已被使用过，或者在你打开之后情况发生了变化。
stale-nothing = 刚才没有执行任何操作。你在 { $organization } 中的帐户保持不变。
stale-again = 重新开始

# 邀请
redeem-title = 查看权限
redeem-lead = { $organization } 邀请你以来宾身份与其协作。
redeem-signed-in-as = 登录身份
redeem-invited-by = 邀请人
redeem-sent-to = 发送至
redeem-allows = 如果你接受，{ $organization } 可以
redeem-allows-profile = 查看你的姓名、电子邮件地址和主组织
redeem-allows-log = 记录你的登录时间和在其中的活动
redeem-allows-manage = 为你创建帐户，并管理或移除该帐户
redeem-trust = 仅当你了解 { $organization } 并且预期会收到此邀请时才接受。
redeem-read = 请先阅读：
redeem-no-statement = { $organization } 未提供其条款的链接供你查看
redeem-leave-later = 以后你可以在“我的帐户”中查看和离开组织。
redeem-cancel = 如果取消，一切保持不变：邀请会保留在“组织”页面中。
redeem-decline = 改为拒绝此邀请
redeem-used-title = 此邀请已被使用
redeem-used = { $organization } 的邀请只能接受一次。如果是你接受的，可在你的列表中找到该组织；否则请索取新的邀请。
redeem-revoked-title = 此邀请不再有效
redeem-revoked = 它已被收回，或已被新的邀请取代。如果你仍想与 { $organization } 协作，请索取新的邀请。
redeemed-title = 你现在是 { $organization } 的来宾
redeemed-lead = 邀请已接受。请使用当前帐户登录 { $organization } 的应用。
redeemed-onward = 前往 { $organization }
redeem-other-title = 此邀请属于其他帐户
redeem-other = 请注销，使用 { $organization } 所邀请的帐户登录，然后再次打开链接；或请其邀请你当前使用的帐户。
redeem-blocked-title = 你的帐户已被阻止
redeem-blocked = { $organization } 已阻止为你创建的帐户。请先让该组织解除阻止，然后再接受邀请。
redeem-barred-title = 目前无法接受此邀请
redeem-barred = { $organization } 或你的主组织的设置不允许你成为其来宾。请联系邀请你的人，或主组织的管理员。

# 个人的应用
my-apps-title = 应用
my-apps-lead = 以下应用可以以你的名义行事。请移除你不认识或不再使用的应用的访问权限。
my-apps-none = 没有应用可以以你的名义行事。
my-apps-removed = { $app } 已无法再以你的名义行事。
my-apps-in = 在 { $organization } 中
my-apps-signed-in = 已登录
my-apps-allowed = 已允许，未登录
my-apps-off = 已被组织停用
my-apps-can = 它可以：
my-apps-knows = 它知道你是谁，除此之外在此目录中不能做任何事。
my-apps-for-everybody = 管理员已为所有人允许
my-apps-for-oneself = 由你允许
my-apps-while-away = 你不在时，它也可以这样做。
my-apps-by-device = 在设备上用代码登录
my-apps-since = 开始时间
my-apps-last = 上次使用
my-apps-remove = 移除访问权限
remove-app-title = 要移除 { $app } 的访问权限吗？
remove-app-lead = 此后 { $app } 将无法再在 { $organization } 中以你的名义行事。
remove-app-then = 移除之后
remove-app-tokens = 它会立即在所有设备上注销，用来以你的名义行事的凭据将失效。
remove-app-own = 你允许它的权限将被清除。如果它再次请求，由你重新决定。
remove-app-everybody = { $organization } 的管理员已为所有人允许此应用。因此，如果你再次登录它，它又可以以你的名义行事。只有管理员可以收回该权限。
remove-app-data = 它已经读取的数据仍由其运营者保存。请要求对方删除。

# 直接连接：在对方组织中没有帐户
connect-title = 允许 { $organization } 了解你的身份吗？
connect-lead = { $app } 属于 { $organization }，你在该组织中没有帐户。双方组织都允许你使用自己组织的帐户来使用它。
connect-trust = 仅当你了解 { $organization } 并且确实想打开此应用时才接受。
connection-deleted = 你与 { $organization } 的连接，以及其应用对你姓名的访问权限
connection-deleted-names = 该组织审核日志中你的姓名
connection-mistake = 无法还原任何内容。如果双方组织仍然允许，你下次登录 { $organization } 的应用时会重新建立连接。

# 管理
admin-title = 管理
admin-organization = 你正在管理
area-people = 人员
area-external = 外部标识
area-organization = 组织
admin-settings-text = 谁可以邀请来宾、来宾可来自何处、能看到什么，以及能否自行离开。
admin-deleted-text = 在 30 天内还原用户，或将其永久删除。
admin-properties-text = 技术联系人、全局隐私联系人和隐私声明。

# 外部协作设置
settings-title = 外部协作设置
settings-read-only = 你可以查看这些设置。你的角色不允许更改。
not-your-role = 你的角色不允许更改此项。全局管理员可以更改。
settings-access-title = 来宾用户访问
settings-access-question = 来宾用户访问限制
settings-access-member = 来宾用户具有与成员相同的访问权限（权限最大）
settings-access-member-hint = 他们可以列出并读取所有用户和组。
settings-access-limited = 来宾用户对目录对象的属性和成员身份具有有限的访问权限
settings-access-limited-hint = 他们可以查找已知 ID 的人员和组，并看到其公开信息。
settings-access-restricted = 来宾用户只能访问自己的目录对象的属性和成员身份（限制最严）
settings-access-restricted-hint = 他们只能读取自己的帐户。
settings-invites-title = 来宾邀请设置
settings-invites-question = 来宾邀请限制
settings-invites-everyone = 组织中的任何人都可以邀请来宾用户，包括来宾和非管理员（权限最大）
settings-invites-members = 成员用户和分配了特定管理员角色的用户可以邀请来宾用户，包括具有成员权限的来宾
settings-invites-admins = 只有分配了特定管理员角色的用户可以邀请来宾用户
settings-invites-none = 组织中的任何人都不能邀请来宾用户，包括管理员（限制最严）
settings-invites-effect = 此前发出的邀请仍然有效。
settings-signup-title = 启用通过用户流的来宾自助注册
settings-signup-question = 自助注册
settings-signup-effect = 保留此值供通过 Graph 读取的工具使用。此服务器没有用户流，因此无论如何都无法自助注册。
settings-leave-title = 外部用户离开设置
settings-leave-question = 允许外部用户从你的组织中删除自己（推荐）
settings-leave-yes = “是”表示最终用户无需管理员批准即可离开组织。
settings-leave-no = “否”表示最终用户会被引导查看隐私声明和/或联系隐私联系人，以获得离开的批准。
settings-leave-if-no = { $count ->
    [0] 如果选择“否”，目前没有人受影响。
   *[other] 如果选择“否”，{ $count } 位来宾将无法再自行离开。
 }
settings-leave-if-yes = { $count ->
    [0] 如果选择“是”，目前没有人受影响。
   *[other] 如果选择“是”，{ $count } 位来宾将可以重新自行离开。
 }
settings-leave-effect = 保存后立即生效。尚未接受的邀请始终可以拒绝；离开的人可在 30 天内还原。
settings-leave-unavailable = 你的组织需要先有全局隐私联系人和隐私声明才能更改此项，因为无法离开的人需要知道向谁求助。
settings-leave-unavailable-link = 在“属性”中添加
settings-domains-title = 协作限制
settings-domains-question = 可以向哪里发送邀请
settings-domains-any = 允许向任何域发送邀请（权限最大）
settings-domains-deny = 拒绝向指定的域发送邀请
settings-domains-allow = 仅允许向指定的域发送邀请（限制最严）
settings-domains-target = 目标域
settings-domains-hint = 每行一个域，例如 fabrikam.com。每个域只代表自身，不包括其子域。
settings-domains-effect = 已接受邀请的来宾会保留，无论其域为何。允许任何域时，列表会保留但不起作用。
settings-removal-title = 已删除的主帐户
settings-removal-question = 主帐户被删除时，从你的组织中移除来宾及其数据
settings-removal-yes = 主帐户被删除时，来宾也会在此处被删除，并在 30 天后永久删除。及时还原主帐户也会还原来宾。
settings-removal-no = 主帐户被删除的来宾无法再登录，但会保留在此处，直到有人将其移除。
settings-removal-touches = { $count ->
    [0] 没有来宾的主帐户会受此影响。
   *[other] 有 { $count } 位来宾会随其主帐户一起被移除。
 }
settings-removal-see = 查看会影响谁
settings-removal-not-retroactive = 保存不会影响主帐户早已被删除的来宾。
settings-earlier = { $count ->
    [0] 没有此类早先的情况。
   *[other] 有 { $count } 个早先的情况。
 }
settings-earlier-link = 查看并应用
settings-roles-title = 来宾担任管理员
settings-roles-question = 允许将目录角色授予主帐户在别处的人
settings-roles-yes = 他们会获得对此组织的权力，而其密码和第二重验证由其主组织决定。
settings-roles-no = 推荐。只有成员可以获得角色。已有角色的人会保留角色，直到有人将其收回。
settings-roles-now = { $count ->
    [0] 没有外部人员拥有目录角色。
   *[other] 有 { $count } 位外部人员拥有目录角色。
 }
settings-error-privacy = 未保存。请先在“属性”中添加全局隐私联系人和隐私声明。
settings-error-nothing-chosen = 未保存。请选择“是”或“否”，或其他值之一，然后再次保存。
settings-error-changed = 未保存。在你打开页面之后，有人更改了此内容。现在显示的是当前状态；如仍需要，请重新更改。
settings-error-not-allowed = 未保存。你的角色不允许此更改，请联系全局管理员。
settings-error-domains = 未保存。请每行输入一个域名，例如 fabrikam.com。你输入的内容仍然保留。
settings-ask-access = 要让来宾看到所有人吗？
settings-ask-access-text = { $count ->
    [0] 来宾将可以列出并读取所有用户和组。他们看到的内容无法收回。
   *[other] { $count } 位来宾将可以列出并读取所有用户和组。他们看到的内容无法收回。
 }
settings-ask-access-yes = 授予来宾此访问权限
settings-ask-roles = 要让外部人员成为管理员吗？
settings-ask-roles-text = 此后可以将目录角色授予主帐户在别处的人。此组织无法要求他们遵守本组织的密码和第二重验证规则。
settings-ask-roles-yes = 允许
settings-ask-domains = 要阻止已发出的邀请吗？
settings-ask-domains-text = { $count ->
   *[other] 保存后，{ $count } 份尚未接受的邀请将无法再被接受。
 }
settings-ask-domains-text-least = 保存后，至少 { $count } 份尚未接受的邀请将无法再被接受。
settings-ask-domains-yes = 保存并阻止这些邀请

# 主帐户删除时会影响谁
removal-ask = 要随主帐户一起移除来宾吗？
removal-on = 来宾会随其主帐户一起被移除
removal-touched = { $count ->
    [0] 没有来宾的主帐户位于此目录的其他组织中。
   *[other] { $count } 位来宾的主帐户位于此目录的其他组织中。该帐户被删除时，来宾也会被移除。
 }
removal-untouched = { $count ->
    [0] 没有人从其他地方登录。
   *[other] { $count } 人从其他地方登录或尚未接受邀请，不受影响。
 }
removal-earlier = { $count ->
    [0] 没有主帐户早已被删除的来宾。
   *[other] { $count } 位来宾的主帐户早已被删除。他们不受影响，会保留到有人将其移除。
 }
removal-switch-on = 开启
removal-whom = 会影响谁
removal-nobody = 目前不会影响任何人。

# 早先的情况
home-deletions-title = 没有主帐户的来宾
home-deletions-lead = 这些来宾的主帐户已被删除，因此无法登录。在你移除之前，他们会保留在此处。
home-deletions-none = 没有。每位来宾的主帐户都仍然存在。
home-deletions-total = 共 { $count } 位来宾。
home-deletions-since = 主帐户删除时间
home-deletions-review = 查看移除内容
home-deletions-nothing-chosen = 请至少选择一位来宾，然后再次查看。
home-deletions-ask = 要移除 { $count } 位来宾吗？
home-deletions-ask-text = 他们会立即移至“已删除的用户”。你可在 { $until } 之前还原他们；之后将永久删除。
home-deletions-apply = 移除 { $count } 位来宾
home-deletions-removed = 已移除 { $count } 位来宾。

# 用户
users-title = 用户
admin-users-text = 成员和来宾：他们是谁、主帐户在何处；可阻止、邀请和移除。
users-show = 范围
users-show-all = 所有用户
users-show-members = 成员
users-show-guests = 来宾
users-show-pending = 来宾：邀请待接受
users-show-accepted = 来宾：已接受邀请
users-show-blocked = 来宾：已阻止
users-show-never = 来宾：从未登录过此处的应用
users-search = 姓名或用户名
users-none = 没有找到任何人。请显示全部，或查找其他内容。
users-kind = 类型
users-state = 状态
users-remove-chosen = 移除所选用户…
users-nothing-chosen = 请至少选择一位仍然存在的用户。
kind-member = 成员
kind-guest = 来宾
state-active = 活动
state-pending = 邀请待接受
state-blocked = 已阻止
state-without-home = 主帐户已删除
state-deleted = 已删除
nobody = 无人
none = 无
never = 从未
list-comma = 、
user-title = 用户 { $name }
user-account = 帐户
user-mail = 电子邮件地址
user-home = 主帐户所在
user-home-here = 此组织
user-home-organization = 其他组织：{ $domain }
user-home-mailbox = 邮箱 { $address }，使用一次性密码
user-home-provider = 身份提供程序 { $name }
user-home-provider-gone = 已不再注册的身份提供程序
user-home-invited = 尚不清楚：接受发往 { $address } 的邀请的人
user-home-gone = 主帐户自 { $since } 起已被删除。该来宾无法登录，会保留在此处，直到有人将其移除。
user-deleted = 删除时间：{ $at }；自 { $until } 起永久删除。
user-invitation = 邀请
user-invited-at = 于 { $at } 发送，尚未接受
user-accepted-at = 于 { $at } 接受
user-invited-by = 邀请人
user-sponsors = 发起人
user-groups = 组
user-roles = 目录角色
user-created = 创建时间
user-sign-in = 上次登录此处的应用
user-sign-in-silent = 应用上次自行登录
user-id = 对象 ID
user-blocked = 已阻止 { $name }，并在所有位置将其注销。
user-unblocked = { $name } 可以重新登录。
user-history = 历史记录
user-no-history = 审核日志中没有关于此用户的记录。
user-whole-history = 在审核日志中继续查看
user-block = 阻止
user-block-text = 被阻止的用户会立即在所有位置注销且无法登录。不会删除任何内容。
user-unblock = 取消阻止
user-unblock-text = 此用户已被阻止。取消阻止后可重新登录。
user-invite-again = 重新发送邀请
user-invite-again-text = 新的邀请会取代之前发送的邀请。
user-reset = 重置兑换…
user-reset-text = 如果来宾换了主帐户：重新邀请同一位来宾，组等均保留。
user-remove = 移除…
user-remove-text = 你会先看到会发生什么，并可在 30 天内还原该用户。
obstacle-role = 拥有目录角色的人只能由全局管理员移除。
obstacle-yourself = 你无法移除自己的帐户。其他全局管理员可以。
obstacle-last-administrator = 这是最后一位全局管理员。请先将该角色授予其他帐户。
remove-ask = { $count ->
    [0] 不移除任何人
   *[other] 要移除 { $count } 位用户吗？
 }
remove-nobody = 所选用户中没有你可以移除的人。
remove-text = 他们会立即移至“已删除的用户”。你可在 { $until } 之前还原他们；之后将永久删除。
remove-access = 他们会在所有位置注销，且无法再登录。
remove-restorable = 还原会恢复属性和组，但不恢复目录角色。
remove-members = 在别处是来宾的成员也无法再登录那里，并且可能在那里被移除。
remove-loses = 失去
remove-nothing = 没有组和角色
remove-groups = { $count } 个组
remove-roles = 目录角色：{ $roles }
remove-both = { $groups }。{ $roles }
remove-yes = 移除 { $count } 位用户
remove-left = { $count } 位用户无法移除
remove-why = 原因
removed-title = { $count ->
    [0] 没有移除任何人
   *[other] 已移除 { $count } 位用户
 }
removed-text = 他们位于“已删除的用户”中，可在 30 天内还原。
removed-gone = { $count } 位此前已不存在。
removed-left = { $count } 位用户仍然存在
removed-back = 返回用户列表

# 邀请来宾
invite-title = 邀请来宾
invite-lead-mail = 来宾会收到带有链接的邮件，接受后即成为来宾。
invite-lead-link = 你会得到一个链接，请将其发送给来宾；对方接受后即成为来宾。
invite-address = 来宾的电子邮件地址
invite-address-hint = 来宾在其主组织登录所用的帐户，或一个邮箱。
invite-name = 显示名称
invite-name-hint = 你的组织所看到的名称。留空则使用地址中 @ 之前的部分。
invite-kind = 邀请身份
invite-guest-hint = 只能看到设置允许来宾看到的组织信息。
invite-member-hint = 视为你自己的人员，尽管其主帐户在别处。
invite-mail = 邮件
invite-language = 邮件语言
invite-message = 你的留言
invite-message-hint = 纯文本，会添加到邮件中。
invite-send = 邀请
invite-error-own-domain = 未邀请。该地址属于你自己组织的域：其中的人是成员。
invite-error-domain = 未邀请。协作限制不允许来自此域的来宾。
invite-error-border = 未邀请。组织之间的设置不允许该组织的人员进入。
invite-error-not-a-guest = 未邀请。你组织的一位成员已使用此地址。
invite-error-blocked = 未邀请。已有使用此地址的来宾，且已被阻止。请先取消阻止。
invited-title = 已邀请 { $address }
invited-mailed = 带有邀请的邮件正在发往 { $address }。
invited-not-mailed = 未发送邮件。请自行将此链接以他人无法读取的方式发送给 { $address }。
invited-link = 接受邀请的链接
invited-link-hint = 仅在此时显示。同一来宾之前的链接不再有效。
invited-guest = 查看 { $name }
reset-title = 要让 { $name } 重新接受邀请吗？
reset-text = 该帐户会从当前登录它的人手中收回。新的邀请会发往 { $address }，接受者将获得该帐户。
reset-out = 在新的邀请被接受之前，该来宾会在所有位置注销。
reset-keeps = 帐户的组、角色和属性保持不变。
reset-yes = 重置兑换

# 已删除的用户
deleted-title = 已删除的用户
deleted-lead = 还原会恢复属性和组，但不恢复目录角色。30 天后用户将被永久删除。
deleted-days = { $count ->
    [0] 不足 1 天
   *[other] { $count }
 }
deleted-none = 没有已删除的用户。
deleted-restored = { $name } 已还原，可以再次登录。
deleted-purged = 该用户已永久删除。
deleted-no-longer-there = 该用户已不在列表中：期间已被还原或永久删除。
deleted-name-taken = 无法还原 { $name }：该用户名现在由其他人使用。请先重命名那位用户。
deleted-not-yours = 你的角色无法管理此用户
column-name = 名称
column-cause = 原因
column-deleted-on = 删除时间
column-days-left = 剩余天数
column-actions = 操作
cause-left = 自行离开
cause-removed = 由管理员移除
cause-home-deleted = 主帐户已删除
purge-title = 要永久删除 { $name } 吗？
purge-lead = 此操作无法撤消。帐户及其所有个人数据会立即删除，任何人都无法还原。
purge-otherwise = 否则将在此之后删除

# 属性
properties-title = 属性
properties-read-only = 你可以查看这些属性。更改需要“全局管理员”角色。
properties-technical-contact = 技术联系人
properties-technical-contact-hint = 用于接收服务通知的电子邮件地址。
properties-privacy-title = 隐私信息
properties-privacy-text = 来宾无法自行离开时会看到这两项。缺少任何一项，就无法禁止离开。
properties-privacy-contact = 全局隐私联系人
properties-privacy-contact-hint = 供人咨询其数据或请求许可离开的电子邮件地址。
properties-privacy-statement = 隐私声明 URL
properties-privacy-statement-hint = 以 https:// 或 mailto: 开头的地址。

# 初始设置
setup-title = 设置此服务器
setup-lead = 创建第一个组织及其管理员。此操作只需一次。
setup-secret = 设置密钥
setup-secret-hint = 密钥位于服务器数据目录的 setup-secret 文件中。30 分钟内有效，只能使用一次。
setup-organization-title = 你的组织
setup-organization = 组织名称
setup-organization-hint = 来宾所看到的名称，例如 Contoso。
setup-domain = 域名
setup-domain-hint = 用户名以此结尾，例如 contoso.com。
setup-administrator-title = 组织的管理员
setup-name = 你的姓名
setup-user-name = 用户名
setup-user-name-hint = @ 之前的部分，例如 admin。
setup-password = 密码
setup-password-hint = 至少 15 个字符，例如四个随机的词。
setup-password-again = 再次输入密码
setup-create = 创建组织
setup-done-title = 服务器已设置完成
setup-done-lead = { $organization } 已创建，你是其全局管理员。
setup-done-next = 请登录，并在“属性”中添加组织的隐私信息。

# 应用的请求
continue = 继续
other-account = 使用其他帐户
onward-title = 请稍候
onward-lead = 即将转到下一步。如果没有反应，请选择“继续”。
form-post-lead = 你已登录。请选择“继续”返回应用。
choose-account-title = 选择帐户
oauth-refused-title = 应用无法让你登录
oauth-refused-lead = 应用发送了此服务器不予响应的请求。请返回应用，或将下面的文字告知其开发者。
consent-title = { $app } 请求权限
consent-lead = 它想使用你在 { $organization } 的帐户来：
consent-lead-everybody = 如果你接受，它可以为 { $organization } 的所有人执行以下操作，且不再询问其他人：
consent-needs-administrator = 这需要 { $organization } 的管理员。请让管理员授予，或使用管理员帐户登录。
consent-own = （应用自身，无需有人登录）
consent-offline = 在你离开时保持此访问权限
consent-destination = 返回到
consent-trust = 仅在你信任此应用时才接受。你的组织可以随时收回该权限。
consent-everyone = 为 { $organization } 的所有人接受
device-title = 登录设备
device-lead = 请输入你的设备或程序显示的代码。
device-code = 代码
device-code-hint = 八个字母，例如 BCDF-GHJK。
device-warning = 只输入由你自己启动的设备或程序所显示的代码。切勿输入他人发给你的代码。
device-warning-app = 另一台设备上的 { $app } 将以你的身份登录。如果不是你刚刚亲自在那里启动的，请选择“取消”：可能有人试图使用你的帐户。
device-app = 应用
device-permissions = 应用请求以下权限：
device-accept = 登录该设备
device-unknown = 没有此代码，或者它已被使用或已过期。请检查，或在设备上重新开始。
device-throttled = 错误的代码过多。请等待一刻钟后重试。
device-not-allowed = 此帐户无法以这种方式登录设备：组织不允许，或者不认识该应用。
device-needs-administrator = 应用需要只有管理员才能授予的权限。设备未登录。
device-approved = 设备已登录。你可以关闭此页面。
device-declined = 设备未登录。你可以关闭此页面。
sign-out-title = 要注销吗？
sign-out-lead = 一个应用请求让你在此注销。

# 错误
error-status = 状态
error-retry = 请在 { $seconds } 秒后重试。
error-home = 转到“我的帐户”
error-400-title = 无法读取此请求
error-400 = 请求不完整或已过时。请返回并刷新页面后重试。没有任何更改。
error-403-title = 此页面不适用于该帐户
error-403 = 它需要你当前登录的帐户所没有的角色，或者表单来自其他站点。请使用其他帐户登录，或向管理员申请角色。没有任何更改。
error-not-set-up-title = 此服务器尚未设置
error-not-set-up = 请运营者在服务器本机的浏览器中（例如 https://localhost）完成设置。完成后再回来。
error-404-title = 没有此页面
error-404 = 链接可能已过时或不完整。请从“我的帐户”开始查找。
error-409-title = 情况在此期间已发生变化
error-409 = 有人抢先了一步，也可能是你在另一个窗口中的操作。请返回并刷新页面查看当前状态，然后再决定。没有任何更改。
error-429-title = 请求过多
error-429 = 为了你和他人的安全，服务器需要短暂休息。请稍候再试。
error-500-title = 我们这边出了问题
error-500 = 这不是你造成的。请重试；如果再次出现，请将下方的请求 ID 告知管理员。
error-503-title = 服务器繁忙或正在维护
error-503 = 没有丢失任何内容。请稍候再试。

# 登录：第二重验证与身份提供程序
sign-in-again = 请确认是你本人。接下来的操作仅限在过去十分钟内登录过的人。
sign-in-code = 验证码
sign-in-code-hint = 身份验证器应用显示的六位数字，或你的一个恢复代码。
sign-in-wrong-code = 此验证码不正确，或已被使用。请等待下一个验证码后重试。
new-password-title = 选择新密码
new-password-lead = 你的组织要求你先选择新密码，然后才能继续。你在其他位置的登录都会被注销。
new-password = 新密码
new-password-again = 再次输入新密码
new-password-save = 保存并登录
new-password-same = 这就是你现在的密码，请选择其他密码。
new-password-expired = 选择新密码用时过长，或此前已完成。请重新登录；如果你已选择新密码，请使用新密码登录。
sign-in-choose = 你想如何登录？
sign-in-with = 使用 { $provider } 登录 { $organization }
sign-in-send-passcode = 通过电子邮件向我发送一次性密码
sign-in-provider-expired = 此次登录耗时过长、已完成，或是在另一个浏览器中开始的。请重新开始。
sign-in-provider-cancelled = 在你的组织处的登录已中断。如果仍想登录，请重新开始。
sign-in-provider-unreachable = 目前无法连接到你的组织的身份提供程序。请在几分钟后重试。
sign-in-provider-untrusted = 身份提供程序发送的内容无法证明你的身份，因此你未登录。请重新开始；如果问题仍然存在，请告知邀请你的组织的管理员。
sign-in-provider-unknown = 此处不认识你使用的这个帐户。请让与你协作的组织邀请你，并使用受邀的帐户登录。

# 会话
sessions-title = 设备
sessions-lead = 你目前登录的位置。如果有你不认识的位置，请将其注销。
sessions-ended = 已在该处注销。
sessions-current = 此设备
sessions-second-factor = 第二重验证
sessions-started = 登录时间
sessions-seen = 上次使用时间
sessions-network = 来自 { $network }
sessions-unknown = 未知设备
sessions-all = 注销
sessions-all-text = 在所有位置注销还会终止应用对你帐户的使用：它们会要求你重新登录。
sessions-others = 在所有其他设备上注销
sessions-everywhere = 在所有位置注销

# 第二重验证
security-title = 安全
security-second-factor = 第二重验证
security-second-factor-text = 启用第二重验证后，仅有密码是不够的：手机上的应用会显示每 30 秒更换一次的验证码。
security-required = 由于你拥有目录角色，你的组织要求使用第二重验证。
security-lacking = 设置第二重验证后，才能打开管理页面。
security-elsewhere = 你在此处没有密码。登录方式由你的帐户所属的组织决定。
security-set-up = 设置
security-since = 设置时间
security-codes-left = 剩余恢复代码
security-code-hint = 若要在此处进行更改，请输入应用显示的验证码或一个恢复代码。
security-renew = 生成新的恢复代码
security-remove = 移除第二重验证
security-removed = 已移除第二重验证。从现在起，仅需密码即可登录。
setup-factor-title = 设置第二重验证
setup-factor-scan = 将帐户添加到身份验证器应用
setup-factor-scan-text = 请使用身份验证器应用扫描此图片。
setup-factor-drawing = 包含应用密钥的二维码
setup-factor-type = 如果无法扫描，请在应用中输入此密钥：
setup-factor-code-hint = 请输入应用当前显示的六位数字。
setup-factor-confirm = 确认
recovery-title = 你的恢复代码
recovery-lead = 请将这些代码保存在没有手机时也能找到的地方。它们仅在此时显示。
recovery-text = 每个代码可代替应用的验证码登录一次。当所剩不多时，请生成新的代码。
recovery-kept = 我已保存

# 登录方式
admin-methods-text = 管理员的第二重验证，以及合作伙伴的身份提供程序。
methods-title = 登录方式
methods-factor-question = 要求拥有目录角色的所有人使用第二重验证
methods-factor-yes = 没有第二重验证，就不能在管理页面上使用角色。
methods-factor-no = 仅需密码即可，管理员也是如此。
methods-providers = 身份提供程序
methods-providers-text = 合作伙伴的人员通过 OpenID Connect 使用其自己的身份提供程序登录，然后可以接受你的邀请。
methods-none = 尚未注册任何身份提供程序。
methods-off = 已关闭
methods-domain-confirmed = 已确认
methods-domain-waiting = 等待运营者确认
methods-domain-hint = 一旦服务器的运营者确认此域属于该合作伙伴，用户名位于此域的人员便可使用该身份提供程序。
methods-add-domain = 添加域
methods-remove-domain = 移除
methods-enable = 打开
methods-disable = 关闭
methods-delete = 删除
methods-add = 注册身份提供程序
methods-callback = 请先在身份提供程序处注册此服务器，并使用此重定向地址：
methods-name = 名称
methods-name-hint = 向登录人员显示，例如合作伙伴的名称。
methods-issuer = 颁发者
methods-issuer-hint = 与身份提供程序写入其令牌的内容完全一致。以后无法更改。
methods-client-id = 客户端 ID
methods-client-secret = 客户端密码
methods-client-secret-hint = 以加密方式存储，且不会再次显示。
methods-trusts-email = 该身份提供程序仅将地址分配给其真正的所有者
methods-trusts-email-hint = 对于不会逐一说明地址已验证的身份提供程序，请选择此项。只有已确认的域中的地址才有效。
methods-register = 注册
methods-error-taken = 未保存。该颁发者或域已被使用。
methods-error-unreadable = 未保存。无法在此颁发者处读取身份提供程序；请检查它是否准确无误并以 https:// 开头。

# 演示的邮件
outbox-title = 发件箱
outbox-lead = 此演示的邮件。它们不会发送到其他任何地方。
outbox-none = 目前还没有邮件。
outbox-to = 收件人 { $address }

# 邮件
mail-invitation-subject = { $organization } 邀请你
mail-invitation-by-person = { $person } 邀请你以来宾身份与 { $organization } 协作。
mail-invitation-by-organization = { $organization } 邀请你以来宾身份与其协作。
mail-invitation-caution = 请仅在你了解该组织且预期会收到此邀请时才接受。接受之前，你会看到它请求的内容。
mail-invitation-link = 查看邀请
mail-copy-subject = { $organization } 已邀请 { $address }
mail-copy-invited = { $organization } 已邀请 { $address } 以来宾身份与其协作。邀请中将你列为抄送人，因此你会收到这份副本。
mail-copy-nothing-to-do = 你无需执行任何操作。用于接受邀请的链接只发送给了 { $address }。
mail-invitation-private = 此链接仅供你本人使用，请勿转发。如果忽略此邮件，你不会再收到相关消息。
mail-passcode-subject = 你的一次性密码
mail-passcode-intro = 请使用以下一次性密码登录：
mail-passcode-life = 它只能使用一次，并在 { $minutes } 分钟内有效。
mail-passcode-caution = 任何合法人员都不会向你索要它。如果你没有尝试登录，请忽略此邮件。

# Graph 浏览器
explorer-title = Graph 浏览器
explorer-lead = 以你自己的身份向此服务器上的 Microsoft Graph 发送请求。不会向任何其他服务器发送内容。
explorer-nowhere = 你还没有可以发送请求的帐户。请先接受邀请。
explorer-no-account = 未发送任何内容：你在此组织中没有当前可用的帐户。请选择其他组织。
explorer-unanswered = 没有收到响应。请求可能已执行，也可能没有。再次发送之前，请先查看当前状态。
explorer-shut = 未发送任何内容。你在该组织中拥有角色，其权限在 15 分钟未使用后会关闭。请重新登录；你输入的内容会保留。
explorer-stale = 此操作要求你在过去十分钟内登录过。你输入的内容会保留。
explorer-sign-in-again = 重新登录
explorer-method = 方法
explorer-version = 版本
explorer-target = 地址
explorer-target-hint = 版本之后的部分，例如 users?$top=5。也可以粘贴文档中的完整地址。
explorer-headers = 请求标头
explorer-headers-hint = 每行一个，例如 ConsistencyLevel: eventual。
explorer-body = 请求正文
explorer-run = 运行
explorer-samples = 示例
explorer-samples-hint = 选择示例只会填写请求，选择“运行”之前不会发送任何内容。请将花括号中的每个名称替换为 ID。
explorer-answer = 响应
explorer-answer-body = 正文
explorer-answer-headers = 响应标头
explorer-no-body = 响应没有正文。
explorer-cut = 正文共 { $total } KB，此处只显示开头部分；可使用 curl 获取全部内容。
explorer-follow = 转到 { $name }
explorer-permissions = 权限
explorer-unknown = 此服务器上的 Microsoft Graph 在该地址没有此方法。
explorer-needs-nothing = 此请求不需要权限。
explorer-needs-each = 其中的每个请求都会单独判断。
explorer-allowed = 你可以执行此操作
explorer-not-allowed = 你在此处不能执行此操作
explorer-lacks-permission = 如果没有角色，Graph 浏览器只能读取你自己的个人资料和组织信息。要执行更多操作，需要一个由管理员授予了上述权限之一的应用。
explorer-lacks-role = 还需要下列角色之一。
explorer-lacks-policy = 组织的策略不允许你这样做。
explorer-needs-delegated = 应用代表你操作时所需（从最低权限开始）
explorer-has-permissions = Graph 浏览器拥有
explorer-has-every = 全部权限：由你的角色决定
explorer-has-basic = User.Read
explorer-needs-roles = 所需角色（其中之一）
explorer-has-roles = 你在此处的角色
explorer-needs-application = 应用自行操作时所需（从最低权限开始）
explorer-none = 无
explorer-none-suffices = 任何权限都不够
explorer-curl = 等效的 curl 命令
explorer-token = 如何获取令牌
explorer-token-hint = $TOKEN 代表访问令牌。你的会话中没有可供显示的令牌。已注册的应用可使用其客户端 ID 和密码获取令牌：
problem-other-server = Graph 浏览器只向此服务器发送请求。请输入版本之后的部分，例如 users。
problem-placeholder = 请将花括号中的每个名称替换为实际的值。
problem-not-a-header = 每行写一个标头，并使用冒号，例如 ConsistencyLevel: eventual。
problem-header-of-ours = Authorization、Cookie、Host 以及与连接有关的标头由 Graph 浏览器自行设置，请不要填写。

# 请求的用途（英文在路由表中）
route-get = 列出有哪些资源
route-get-metadata = 以 CSDL 描述所有类型
route-post-batch = 在一个请求中最多发送 20 个请求；每个请求单独授权
route-get-policies-externalidentitiespolicy = 读取外部标识策略
route-patch-policies-externalidentitiespolicy = 更改外部标识策略
route-post-policies-externalidentitiespolicy = 说明此策略只有一个
route-delete-policies-externalidentitiespolicy = 说明此策略无法删除
route-get-organization = 读取组织（以单个元素的集合返回）
route-get-organization-id = 读取组织
route-patch-organization-id = 更改隐私资料和技术联系人
route-post-invitations = 邀请来宾
route-get-users = 列出用户
route-get-users-count = 统计用户数
route-get-users-delta = 跟踪用户的更改
route-get-users-id = 读取用户
route-patch-users-id = 更改用户
route-delete-users-id = 软删除用户
route-get-me = 读取已登录的用户
route-get-directory-deleteditems = 说明必须指定类型
route-get-directory-deleteditems-microsoft-graph-user = 列出已软删除的用户
route-get-directory-deleteditems-microsoft-graph-user-count = 统计已软删除的用户数
route-get-directory-deleteditems-id = 读取已软删除的用户
route-post-directory-deleteditems-id-restore = 还原已软删除的用户
route-delete-directory-deleteditems-id = 永久删除已软删除的用户
route-get-auditlogs-directoryaudits = 列出审核记录，最新的在前
route-get-auditlogs-directoryaudits-id = 读取一条审核记录
route-post-directoryobjects-getbyids = 按 ID 读取对象
route-get-subscribedskus = 列出许可证：没有许可证，列表为空
route-get-policies-authorizationpolicy = 读取谁可以邀请以及来宾可以读取什么；beta 上为单个元素的集合
route-patch-policies-authorizationpolicy = 规定谁可以邀请以及来宾可以读取什么
route-get-policies-authorizationpolicy-id = 按 ID 读取同一策略（beta 的方式）
route-patch-policies-authorizationpolicy-id = 按 ID 更改同一策略（beta 的方式）
route-get-policies-authenticationflowspolicy = 读取是否允许自助注册
route-patch-policies-authenticationflowspolicy = 规定是否允许自助注册
route-get-policies-crosstenantaccesspolicy = 读取有关其他组织的策略
route-patch-policies-crosstenantaccesspolicy = 接受与当前内容相同的其他组织策略
route-get-policies-crosstenantaccesspolicy-default = 读取对所有其他组织的设置
route-patch-policies-crosstenantaccesspolicy-default = 更改对所有其他组织的设置
route-post-policies-crosstenantaccesspolicy-default-resettosystemdefault = 将对所有其他组织的设置恢复为出厂状态
route-get-policies-crosstenantaccesspolicy-partners = 列出对各个组织的设置
route-post-policies-crosstenantaccesspolicy-partners = 为一个组织创建设置
route-get-policies-crosstenantaccesspolicy-partners-id = 读取对一个组织的设置
route-patch-policies-crosstenantaccesspolicy-partners-id = 更改对一个组织的设置
route-delete-policies-crosstenantaccesspolicy-partners-id = 移除对一个组织的设置
route-post-users = 创建用户
route-get-users-id-sponsors = 列出用户的负责人
route-post-users-id-sponsors-ref = 为用户添加负责人
route-delete-users-id-sponsors-sponsorid-ref = 移除用户的负责人
route-get-users-id-sponsorof = 列出用户所负责的用户
route-get-directoryroles = 列出目录角色
route-post-directoryroles = 说明所有角色均已激活
route-get-directoryroles-id = 读取目录角色
route-get-directoryroles-id-members = 列出拥有某个目录角色的用户
route-post-directoryroles-id-members-ref = 分配目录角色
route-delete-directoryroles-id-members-memberid-ref = 撤销目录角色
route-get-directoryroletemplates = 列出目录角色模板
route-get-directoryroletemplates-id = 读取目录角色模板
route-get-rolemanagement-directory-roledefinitions = 列出目录角色定义
route-get-rolemanagement-directory-roledefinitions-id = 读取目录角色定义
route-get-rolemanagement-directory-roleassignments = 列出谁拥有哪个目录角色
route-post-rolemanagement-directory-roleassignments = 分配目录角色
route-get-rolemanagement-directory-roleassignments-id = 读取一个目录角色分配
route-delete-rolemanagement-directory-roleassignments-id = 撤销目录角色
route-get-groups = 列出组
route-post-groups = 创建安全组
route-get-groups-count = 统计组数
route-get-groups-id = 读取组
route-patch-groups-id = 更改组
route-delete-groups-id = 永久删除组
route-get-groups-id-members = 列出组的成员
route-post-groups-id-members-ref = 将用户加入组
route-delete-groups-id-members-memberid-ref = 将用户移出组
route-get-users-id-memberof = 列出用户所属的组和目录角色
route-get-me-memberof = 列出自己所属的组和目录角色
route-get-applications = 列出应用
route-post-applications = 注册应用
route-get-applications-id = 读取应用
route-patch-applications-id = 更改应用
route-delete-applications-id = 永久删除应用
route-post-applications-id-addpassword = 为应用添加密码
route-post-applications-id-removepassword = 移除应用的密码
route-get-serviceprincipals = 列出服务主体，包括 Microsoft Graph 的服务主体
route-post-serviceprincipals = 为应用创建服务主体
route-get-serviceprincipals-id = 读取服务主体
route-patch-serviceprincipals-id = 更改服务主体
route-delete-serviceprincipals-id = 移除应用的服务主体及其所有权限
route-post-serviceprincipals-id-addpassword = 为应用添加密码
route-post-serviceprincipals-id-removepassword = 移除应用的密码
route-get-serviceprincipals-id-oauth2permissiongrants = 列出应用可以代表用户执行的操作
route-get-serviceprincipals-id-approleassignments = 列出应用可以自行执行的操作
route-post-serviceprincipals-id-approleassignments = 向应用本身授予权限
route-delete-serviceprincipals-id-approleassignments-assignmentid = 撤销应用本身的权限
route-get-serviceprincipals-id-approleassignedto = 列出拥有某个资源的权限的应用
route-post-serviceprincipals-id-approleassignedto = 向应用本身授予权限
route-delete-serviceprincipals-id-approleassignedto-assignmentid = 撤销应用本身的权限
route-get-oauth2permissiongrants = 列出应用可以代表用户执行的操作
route-post-oauth2permissiongrants = 授予代表用户的权限
route-get-oauth2permissiongrants-id = 读取应用可以代表用户执行的操作
route-patch-oauth2permissiongrants-id = 更改应用可以代表用户执行的操作
route-delete-oauth2permissiongrants-id = 撤销应用代表用户的权限
route-get-groups-id-members-count = 统计组的成员数
route-get-groups-id-transitivemembers = 与成员相同：组中没有嵌套的组
route-get-users-id-transitivememberof = 与 memberOf 相同：组中没有嵌套的组
route-get-me-transitivememberof = 与 me/memberOf 相同：组中没有嵌套的组
route-post-users-id-getmembergroups = 列出用户所属组的 ID
route-post-users-id-getmemberobjects = 列出用户所属组和目录角色的 ID
route-post-users-id-checkmembergroups = 说明用户属于这些组中的哪些
route-post-users-id-checkmemberobjects = 说明用户属于这些组和角色中的哪些
route-post-me-getmembergroups = 列出自己所属组的 ID
route-post-me-getmemberobjects = 列出自己所属组和目录角色的 ID
route-post-me-checkmembergroups = 说明自己属于这些组中的哪些
route-post-me-checkmemberobjects = 说明自己属于这些组和角色中的哪些
route-post-users-id-revokesigninsessions = 结束用户的所有会话和令牌
route-post-users-id-invalidateallrefreshtokens = 同上，使用 beta 中的旧名称
route-post-me-revokesigninsessions = 结束自己的所有会话和令牌
route-post-me-invalidateallrefreshtokens = 同上，使用 beta 中的旧名称
route-get-applications-count = 统计应用数
route-get-serviceprincipals-count = 统计服务主体数

# 目录角色
role-application-administrator = 应用程序管理员
role-authentication-administrator = 身份验证管理员
role-cloud-application-administrator = 云应用程序管理员
role-conditional-access-administrator = 条件访问管理员
role-directory-readers = 目录读取者
role-directory-writers = 目录写入者
role-external-id-user-flow-administrator = 外部 ID 用户流管理员
role-external-identity-provider-administrator = 外部标识提供者管理员
role-global-administrator = 全局管理员
role-global-reader = 全局读取者
role-guest-inviter = 来宾邀请者
role-helpdesk-administrator = 支持人员管理员
role-identity-governance-administrator = 标识治理管理员
role-partner-tier1-support = 合作伙伴一级支持人员
role-partner-tier2-support = 合作伙伴二级支持人员
role-privileged-authentication-administrator = 特权身份验证管理员
role-privileged-role-administrator = 特权角色管理员
role-reports-reader = 报告读取者
role-security-administrator = 安全管理员
role-security-reader = 安全读取者
role-user-administrator = 用户管理员

# 权限允许应用做什么
permission-app-role-assignment-read-write-all = 向任何应用授予应用程序权限
permission-application-read-all = 读取应用及其服务主体
permission-application-read-write-all = 注册、更改和删除应用，并为其添加凭据
permission-audit-log-read-all = 读取审核日志
permission-delegated-permission-grant-read-write-all = 向任何应用授予委托权限
permission-directory-read-all = 读取用户、组、应用和角色
permission-directory-read-write-all = 读取和更改用户、组和应用
permission-group-read-all = 读取组及其成员
permission-group-read-write-all = 创建、更改和删除组，并更改其成员
permission-group-member-read-all = 读取组以及其中有哪些人
permission-group-member-read-write-all = 更改组中有哪些人
permission-identity-provider-read-all = 读取组织的外部身份提供程序
permission-identity-provider-read-write-all = 注册、更改和移除外部身份提供程序
permission-organization-read-all = 读取组织的属性
permission-organization-read-write-all = 更改组织的属性
permission-policy-read-all = 读取组织的策略
permission-policy-read-write-authentication-flows = 设置是否允许自助注册
permission-policy-read-write-authorization = 设置谁可以邀请，以及来宾能看到什么
permission-policy-read-write-cross-tenant-access = 设置可以与哪些组织协作
permission-policy-read-write-external-identities = 读取和写入你的组织的外部标识策略
permission-role-management-read-directory = 读取谁拥有哪个目录角色
permission-role-management-read-write-directory = 授予和收回目录角色
permission-user-delete-restore-all = 删除用户，并将其还原
permission-user-invite-all = 邀请来宾
permission-user-read = 让用户登录，并读取其个人资料
permission-user-read-all = 读取所有用户的全部属性
permission-user-read-write-all = 创建、更改、删除和还原用户

# 审核日志中的活动
activity-create-company = 创建公司
activity-update-policy = 更新策略
activity-set-company-information = 设置公司信息
activity-add-user = 添加用户
activity-update-user = 更新用户
activity-enable-account = 启用帐户
activity-disable-account = 禁用帐户
activity-invite-external-user = 邀请外部用户
activity-reinvite-external-user = 重新发送外部用户邀请并重置邀请状态
activity-redeem-invitation = 兑换外部用户邀请
activity-leave-organization = 离开组织
activity-delete-user = 删除用户
activity-restore-user = 还原用户
activity-hard-delete-user = 永久删除用户
activity-home-account-deleted = 主帐户已删除
activity-home-account-restored = 主帐户已还原
activity-add-role-member = 向角色添加成员
activity-remove-role-member = 从角色中移除成员
activity-add-application = 添加应用程序
activity-grant-permission = 向服务主体添加应用角色分配
activity-revoke-permission = 从服务主体中移除应用角色分配
activity-update-application = 更新应用程序
activity-update-app-secrets = 更新应用程序 - 证书和密码管理
activity-reset-password = 重置用户密码
activity-change-password = 更改用户密码
activity-force-password-change = 设置强制更改用户密码
activity-add-group = 添加组
activity-add-group-member = 向组添加成员
activity-remove-group-member = 从组中移除成员
activity-update-group = 更新组
activity-delete-group = 删除组
activity-update-authorization-policy = 更新授权策略
activity-update-access-default = 更新公司默认的跨租户访问设置
activity-add-access-partner = 向跨租户访问设置添加合作伙伴
activity-update-access-partner = 更新合作伙伴的跨租户访问设置
activity-delete-access-partner = 删除合作伙伴的跨租户访问设置
activity-add-sponsor = 添加用户的发起人
activity-remove-sponsor = 移除用户的发起人
activity-delete-application = 删除应用程序
activity-add-service-principal = 添加服务主体
activity-update-service-principal = 更新服务主体
activity-remove-service-principal = 移除服务主体
activity-add-delegated-grant = 添加委托权限授予
activity-remove-delegated-grant = 移除委托权限授予
activity-connect-directly = 连接到组织
activity-token-refused = 令牌请求被拒绝
activity-sign-in = 登录
activity-sign-in-refused = 登录被拒绝
activity-add-signing-key = 添加签名密钥
activity-send-mail = 发送邮件
activity-register-security-info = 用户注册了安全信息
activity-delete-security-info = 用户删除了安全信息
activity-revoke-sessions = 撤销用户的登录会话
activity-revoke-refresh-tokens = 更新 StsRefreshTokenValidFrom 时间戳
activity-revoke-consent = 撤回同意
activity-update-sign-in-settings = 更新登录设置
activity-add-identity-provider = 添加身份提供程序
activity-update-identity-provider = 更新身份提供程序
activity-delete-identity-provider = 删除身份提供程序

# 角色
roles-title = 角色
admin-roles-text = 每个目录角色可以做什么，以及由谁担任。
roles-lead = 拥有任一角色的人都可以打开这些页面，并查看设置、用户、组、应用和角色。角色在此之外可以做的事情列在旁边。
roles-held = 使用中的角色
roles-unheld = 无人拥有的角色
role = 角色
role-allows = 可以
role-allows-nothing-more = 没有其他
role-holders = 拥有者
role-nobody = 无
role-more = 另有 { $count } 人
ability-everything = 此组织中的一切操作
ability-see = 打开这些页面，并查看设置、用户、组、应用和角色
ability-external = 决定来宾能否离开、可来自哪些域，以及合作伙伴使用哪些身份提供程序登录
ability-providers = 查看合作伙伴的身份提供程序的注册情况
ability-partners = 设置可以与哪些组织协作
ability-inviting = 设置谁可以邀请，以及来宾能看到什么
ability-organization = 更改组织的属性以及人员的登录方式
ability-create = 创建用户，以及创建、更改和删除组
ability-users = 更改、阻止、删除和还原用户，以及将其永久删除
ability-deleted = 查看已删除的用户
ability-roles = 授予和收回所有角色，以及向应用授予其自身的权限
ability-apps = 注册、更改和删除应用，为其添加凭据，以及代表所有人同意
ability-audit = 读取审核日志
ability-invite = 邀请来宾，即使成员不能邀请
role-allows-title = 可以做什么
role-holders-title = 由谁拥有
role-holders-none = 没有人拥有此角色。
role-read-only = 你可以查看谁拥有角色。授予或收回角色需要“全局管理员”或“特权角色管理员”角色。
role-give-title = 将此角色授予某人
role-give-field = 授予谁
role-give-hint = 用户名、电子邮件地址或对象 ID。在更改任何内容之前，你会看到是哪个人。
role-give = 授予角色
role-give-ask = 要将“{ $role }”角色授予 { $name } 吗？
role-give-effect = 从下一个请求起，{ $name } 可以：
role-given = { $name } 现在拥有此角色。
role-take = 收回
role-take-ask = 要从 { $name } 收回“{ $role }”角色吗？
role-take-effect = 从下一个请求起，该角色所允许的一切即告终止，即使此人目前已登录。
role-take-oneself = 这是你自己。之后只能由其他人再次授予你此角色，并且你可能无法再打开这些页面。
role-take-apply = 收回角色
role-taken = { $name } 不再拥有此角色。
role-refused-held = 此人已拥有该角色。
role-refused-not-held = 此人没有该角色。
role-refused-outsider = 不能将角色授予主组织在别处的人，因为本组织无法要求他们遵守管理员规则。请将角色授予成员，或先在 guestAdministrators 策略中允许。
role-refused-outsider-by-outsider = 主组织在别处的人不能将角色授予其他主组织在别处的人。请联系主组织在此处的管理员。
role-refused-last-administrator = 这是主组织在此处的最后一位全局管理员。请先将该角色授予另一位成员，然后才能收回。
person-kind = 主组织
person-internal = 本组织
person-external = 别处
person-mail = 电子邮件地址
person-roles = 目前的角色
person-roles-none = 无
problem-nobody-found = 找不到使用此名称的人。请检查；已删除的用户需要先还原。

# 应用注册
apps-title = 应用注册
admin-apps-text = 注册应用，为其添加密码和证书，并决定它们可以做什么。
apps-lead = 在此处让人登录或请求本组织数据的应用。应用可以做什么，在其页面上授予和撤销。
app-page-title = { $app }（应用）
apps-none = 尚未注册任何应用。
app = 应用
app-new-title = 注册应用
app-new-lead = 新应用还不能做任何事情。注册后再向它授予权限。
app-register = 注册
app-registered = 应用已注册。其客户端 ID 显示在下方。
app-name = 名称
app-name-hint = 应用请求权限时向人们显示。
app-kind = 类型
app-kind-question = 它在哪里运行？
app-kind-web = Web 应用或服务
app-kind-web-hint = 在服务器上运行，能够保管密码。
app-kind-spa = 单页应用
app-kind-spa-hint = 在浏览器中运行，无法保密。
app-kind-device = 移动、桌面或命令行应用
app-kind-device-hint = 在设备上运行，无法保密。
app-addresses = 重定向地址
app-addresses-hint = 登录后返回的地址，每行一个：使用 https，同一台计算机上的程序可使用指向 localhost 的 http 地址。不让人登录的服务可留空。
app-public = 公共客户端
app-public-hint = 没有凭据，只代表已登录的人操作。
app-public-question = 应用能否保管密码？
app-confidential = 机密客户端
app-confidential-hint = 使用密码或证书证明自己的身份。
app-credentials = 密码和证书
app-credentials-text = 应用用其中之一证明自己的身份。拥有它的人可以做该应用可以做的一切。
app-credentials-public = 此应用是公共客户端，因此这些凭据不起作用。请将其移除，或在下方选择应用能够保管密码。
app-registered-on = 注册时间
app-state = 状态
app-on = 已打开
app-off = 已关闭
app-no-principal = 无法登录
app-is-off-text = 应用关闭期间无法获取令牌，已有的令牌也不起作用。
app-no-principal-text = 注册此应用时没有服务主体，因此还没有可以登录的对象。打开应用时会创建服务主体。
app-client-id = 客户端 ID
app-application-id = 应用的对象 ID
app-principal-id = 服务主体的对象 ID
app-properties = 名称和地址
app-read-only = 你可以查看此应用。更改需要“全局管理员”、“应用程序管理员”或“云应用程序管理员”角色。
app-switch-on = 打开
app-switched-on = 应用已打开。
app-switch-off = 关闭
app-switched-off = 应用已关闭，从其下一个请求起不再工作。
app-off-ask = 要关闭 { $app } 吗？
app-off-text = { $app } 将无法再获取令牌，已有的令牌从下一个请求起失效。你可以再次打开它。
app-delete = 删除应用
app-delete-about = 删除应用无法撤消。如果不确定，请先将其关闭。
app-delete-ask = 要永久删除 { $app } 吗？
app-delete-text = 此操作无法撤消。{ $app } 从其下一个请求起不再工作。如果重新注册，将获得另一个客户端 ID。
app-delete-credentials = { $count ->
    [0] 它没有密码或证书。
   *[other] 将一并删除 { $count } 个密码和证书。
 }
app-delete-permissions = { $count ->
    [0] 它没有权限。
   *[other] 将一并删除 { $count } 个权限。
 }
app-delete-apply = 永久删除
app-deleted = 应用已删除。

secrets = 密码
certificates = 证书
credentials-none = 无。
credential-name = 用途
credential-name-hint = 供你自己识别，例如使用它的服务器。可以留空。
credential-unnamed = 未命名
credential-created = 添加时间
credential-expires = 有效期至
credential-over = 已过期
credential-soon = { $days ->
    [0] 今天过期
   *[other] 还剩 { $days } 天
 }
credential-added = 已添加。应用可立即使用。
credential-remove = 移除
credential-removed = 已移除。应用无法再使用它。
credential-remove-text = { $app } 将无法再用它登录。请确认应用现在已使用另一个凭据。
credential-remove-apply = 移除
secret-new-title = 添加密码
secret-new-lead = 密码仅在下一页显示一次。请准备好保存它的安全位置。
secret-days = 有效期多长？
secret-90 = 90 天
secret-180 = 180 天
secret-365 = 一年
secret-730 = 两年
secret-add = 添加并显示密码
secret-title = 密码
secret-of = { $app } 的密码
secret-lead = 请立即复制。它不会再次显示。
secret-text = 此处仅保存其指纹。如果丢失，请添加新的密码并移除此密码。
secret-mark = 开头
secret-remove-ask = 要从 { $app } 移除一个密码吗？
secret-kept = 我已保存
certificate = 证书
certificate-new-title = 添加证书
certificate-new-lead = 私钥由应用保管。请在此处输入包含公钥的证书。
certificate-hint = PEM 或 Base64 格式，RSA 密钥长度为 2048 到 8192 位。
certificate-add = 添加证书
certificate-mark = 指纹
certificate-remove-ask = 要从 { $app } 移除一个证书吗？
problem-not-an-app-address = 请每行输入一个地址，使用 https；同一台计算机上的程序可使用指向 localhost 的 http 地址。
problem-not-a-certificate = 这不是使用 2048 到 8192 位 RSA 密钥的 X.509 证书。请输入证书，而不是私钥。
problem-unshowable = 其中包含无法显示的字符。请重新输入。

app-permissions = 权限
app-permissions-text = 应用请求的权限和可以做的事情：代表已登录的人操作时，不超出其本人可以做的范围；应用自身操作时，无需有人登录。撤销从应用的下一个请求起生效。
app-permissions-none = 应用没有请求任何权限，也不能做任何事情。
permission = 权限
permission-form = 方式
permission-form-people = 代表已登录的人
permission-form-own = 应用自身
permission-granted = 已授予
permission-asked = 已请求，未授予
permission-people = { $count } 人为自己允许了此权限
permission-people-label = 人员
permission-people-too = 也会从他们那里撤销。
permission-not-yours = 你的角色无法更改
permission-unavailable = 不可用
permission-choose = 授予
permission-grant = 授予
permission-revoke = 撤销
permission-revoked = 权限已撤销，从下一个请求起生效。
permission-revoke-ask = 要撤销 { $app } 的一个权限吗？
permission-revoke-text = { $app } 从下一个请求起失去此权限。你可以再次授予。
permission-revoke-apply = 撤销
permissions-unknown = 它还请求了 { $count } 个此处不存在的权限。
permissions-grant-all = 授予它请求的所有权限
permissions-add = 授予其他权限
permissions-add-title = 向 { $app } 授予权限
permissions-add-lead = 选择要允许应用做什么。在授予之前，你会看到其含义。
permissions-people-only = 应用自身的权限由全局管理员或特权角色管理员授予。
permissions-public = 此应用是公共客户端：它只代表已登录的人操作。
permissions-nothing-chosen = 请至少选择一个权限，然后继续。
permissions-grant-ask = 要向 { $app } 授予这些权限吗？
permission-grant-people = 代表 { $organization } 中登录该应用的每个人，范围不超出其本人可以做的事情。不会再询问其他人。
permission-grant-own = 无需有人登录，随时可用于 { $organization } 中的一切。
permissions-grant-text = 仅授予你确定应用需要的权限。以后可以逐个撤销。
permissions-granted = { $count ->
    [0] 应用之前已拥有这些权限。
   *[other] 已授予 { $count } 个权限。
 }

# 审核日志
audit-title = 审核日志
admin-audit-text = 谁在何时做了什么，以及更改了什么。可以搜索和导出。
audit-lead = 此组织中更改过或被拒绝的一切操作，最新的在前。
audit-none = 日志中没有匹配的记录。
audit-activity = 活动
audit-time = 时间
audit-who = 操作者
audit-whom = 对象
audit-from = 起始日期 (UTC)
audit-to = 截止日期 (UTC)
audit-result = 结果
audit-success = 已完成
audit-failure = 已拒绝
audit-any = 全部
audit-operator = 服务器运营者
audit-server = 服务器
audit-nobody = 身份未知
audit-erased = 已删除的人
audit-looked-to = 已向前搜索至 { $until }。转到下一页可继续搜索。
audit-export = 导出
audit-export-text = 与筛选条件匹配的所有记录，最新的在前，没有数量限制。JSON 文件采用 Graph 的格式。在 CSV 文件中，电子表格可能误认为公式的单元格以撇号开头。
audit-csv = CSV（用于电子表格）
audit-json = JSON（用于程序）
audit-through = 通过应用
audit-reason = 原因
audit-correlation = 相关 ID
audit-id = 记录 ID
audit-sequence = 在日志中的位置
audit-changes = 更改内容
audit-property = 属性
audit-before = 之前
audit-after = 之后
audit-details = 详细信息
audit-kind-user = 用户
audit-kind-policy = 策略
audit-kind-group = 组
audit-kind-provider = 身份提供程序
audit-kind-other = 其他
problem-not-a-date = 请按年、月、日输入日期，例如 2026-11-21。
