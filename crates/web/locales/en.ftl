# English. It stands in for what another language lacks.
language-name = English
text-direction = ltr
language-label = Language
product-name = Innkeeper
footer = The directory of organizations and their guests.

date-time = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
 } { $year }, { $time } UTC

# Words used on many pages
skip-to-content = Skip to content
account-navigation = My Account
admin-navigation = Administration
my-account = My Account
sign-in = Sign in
sign-out = Sign out
next = Next
next-page = Next page
first-page = First page
pages-navigation = Pages of this list
filter-apply = Show
filter-clear = Show all
yes = Yes
no = No
save = Save
saved = Saved. It is in force from now on.
cancel = Cancel
copy = Copy
copied = Copied
accept = Accept
restore = Restore
choose = Choose
choose-one = Choose { $name }
leave = Leave
decline = Decline
download-data = Download my data
delete-permanently = Delete permanently
organization = Organization
organization-unnamed = the organization
domain = Domain
tenant-id = Tenant ID
request-id = Request ID
home-organization = Home organization
permanently-deleted-after = Permanently deleted after
privacy-statement-of = Privacy statement of { $organization }
back-to-organizations = Back to Organizations

# What can be wrong with a field
problems-title = Please check these fields
problem-missing = Enter a value.
problem-too-long = This is too long. Enter a shorter value.
problem-not-an-address = Enter an e-mail address, such as privacy@contoso.com.
problem-not-a-link = Enter an address that begins with https:// or mailto:.
problem-not-a-domain = Enter a domain name, such as contoso.com.
problem-not-a-user-name = Enter letters, digits, dots, hyphens or underscores, without spaces.
problem-taken = This is already in use. Choose another one.
problem-password-too-weak = This password is too short or too easy to guess. Use at least 15 characters, for example four random words.
problem-passwords-differ = The two passwords differ. Enter the same password twice.
problem-wrong-secret = This secret is not valid, or no longer. Get a new one with the command innkeeper setup-secret; it is good for 30 minutes.
problem-needed-by-policy = External users may not leave by themselves at present, so they need this information. Allow them to leave first, or enter a value.

# Sign in
sign-in-title = Sign in
sign-in-signed-out = You are signed out.
sign-in-user-name = User name
sign-in-user-name-hint = Your work account, or the e-mail address at which you were invited.
sign-in-change = Use another account
sign-in-password = Password
sign-in-passcode = Passcode
sign-in-passcode-hint = If { $address } is known here, a message with a passcode is on its way to it. The passcode can be used once.
sign-in-passcode-demo = In this demonstration it is printed in the terminal in which the server runs.
sign-in-not-a-user-name = Enter your user name in the form name@example.com.
sign-in-wrong-password = The user name or the password is not right. Check both and try again.
sign-in-wrong-passcode = This passcode is not right, or no longer valid. Check it, or start again to get a new one.
sign-in-blocked = This account is blocked. Ask an administrator of your home organization to unblock it. Until then you cannot sign in or leave organizations by yourself.
sign-in-too-many = There were too many tries. { $minutes ->
    [one] Try again in one minute.
   *[other] Try again in { $minutes } minutes.
 }
sign-in-no-organization = There is no organization “{ $named }” here. Check the link that you followed, or sign in without it.
sign-in-form-too-old = This page was open for too long. Nothing is lost: enter it again.

# My Account
overview-title = Overview
overview-no-home = None; you sign in with an e-mail address
overview-others = { $count ->
    [0] You are not a guest of any organization.
    [one] You are a guest of one organization. See what it is, and leave it if you wish.
   *[other] You are a guest of { $count } organizations. See which they are, and leave those that you no longer need.
 }
overview-manage = Manage organizations
overview-invitation = { $organization } has invited you.
overview-answer = Answer the invitation of { $organization }

# Organizations
organizations-title = Organizations
organizations-all = All organizations
organizations-others = Other organizations you collaborate with
organizations-home-why = Your administrator manages your account in your home organization, so you cannot leave it by yourself. That is why there is no Leave here.
organizations-none = There are no organizations here. When one invites you, it appears in this list.
organizations-invited-by = Invited by { $name }
organizations-invited-at = Invited on
organizations-accepted-at = Accepted on
organizations-no-statement = This organization has not published a privacy statement.
organizations-restorable = An administrator can restore your account until { $until }. After that, it is permanently deleted.
organizations-due = Your account can no longer be restored. Its permanent deletion is under way.
organizations-accept = Review and accept
organizations-pending = { $organization } has invited you. You are not in it until you accept.
organizations-pending-closed = This invitation can no longer be accepted. Ask { $organization } for a new one, or decline it.
organizations-blocked = { $organization } has blocked your account: you cannot use it, and you cannot leave by yourself.
organizations-needs-permission = To leave, you need the permission of { $organization }.
organizations-connected = You use apps of { $organization } with your home account. There is no account for you in it.
organizations-connected-since = Connected since
organizations-connected-last = Last used
organizations-deleted-at = Deleted on
gone-left = You have left { $organization }.
gone-declined = You have declined the invitation of { $organization }.
gone-removed = An administrator of { $organization } has removed your account.
gone-home-account-deleted = Your account in { $organization } was deleted together with your home account.
standing-active = Active
standing-connected = Connected
standing-pending = Invitation pending
standing-blocked = Blocked
standing-leaving-not-allowed = Leaving not allowed
standing-left = Left
standing-declined = Declined
standing-removed = Removed

# Leave
leave-title = Leave { $organization }?
leave-now = As soon as you leave
leave-now-text = You lose access to { $organization }. Your account there is closed.
leave-until = Until { $at }
leave-end = Permanently deleted after { $at }
leave-until-text = An administrator of { $organization } can bring your account back. You cannot do that yourself.
leave-after-text = Your account, and what { $organization } holds about you in this directory, is gone for good. Nobody can bring it back.
leave-connection-text = You lose access to the apps of { $organization }, and what it holds about you in this directory is permanently deleted.
leave-connection-why = { $organization } has no account for you: you use its apps with your home account.
leave-deleted = What will be deleted
leave-deleted-account = Your account in { $organization }, with its user name
leave-deleted-profile = Your name, e-mail addresses and other details kept there
leave-deleted-groups = { $count ->
    [one] Your membership in one group
   *[other] Your membership in { $count } groups
 }
leave-deleted-roles = { $count ->
    [one] Your directory role. It does not come back if your account is restored.
   *[other] Your { $count } directory roles. They do not come back if your account is restored.
 }
leave-deleted-apps = { $count ->
    [one] What one app may do in your name there
   *[other] What { $count } apps may do in your name there
 }
leave-stays = What stays, and why
leave-stays-audit = A record that an account left, so that { $organization } can account for what happened. Your name is erased from it together with your account.
leave-stays-audit-connection = A record that somebody left, so that { $organization } can account for what happened. It does not say who.
leave-stays-content = Files and messages that you shared in apps of { $organization }. They are not kept in this directory; ask the organization about them.
leave-first = Before you go
leave-download = Download what { $organization } holds about you
leave-download-later = You can do that later, too, until the permanent deletion.
leave-download-now = After you have left, there is nothing left to download.
leave-mistake = If it was a mistake
leave-restorable = An administrator of { $organization } can restore your account until { $until }. You cannot undo it by yourself.

# Decline
decline-title = Decline the invitation of { $organization }?
decline-now = As soon as you decline
decline-now-text = The invitation can no longer be used. You do not become a guest of { $organization }.
decline-until-text = An administrator of { $organization } can undo this. You cannot do that yourself.
decline-after-text = What { $organization } noted about you to invite you, such as your name and e-mail address, is gone for good.
decline-stays-audit = A record that an invitation was declined, so that { $organization } can account for what happened. Your name is erased from it when the rest is deleted.
decline-again = { $organization } can invite you again. You can then decide again.
decline-confirm = Decline invitation

# Receipt
receipt-title = You have left { $organization }
receipt-title-declined = You have declined the invitation of { $organization }
receipt-lead = Keep or print this page as your receipt.
receipt-account = Your account
receipt-left-at = Left on
receipt-declined-at = Declined on
receipt-deleted = Data about you
receipt-deleted-at-once = Permanently deleted when you left
receipt-contact = To ask for that, write to
receipt-no-contact = To ask for that, turn to an administrator of { $organization }, or to the person who invited you.
receipt-mail-subject = Request to restore my account in { $organization }

# Refused
refused-title = You'll need permission to leave
refused-title-not-a-member = You have no account in this organization
refused-title-already-left = You have already left
refused-title-already-declined = You have already declined
refused-title-already-removed = Your account was removed
refused-title-last-administrator = You are the only administrator
refused-not-a-member = There is no account of yours in this organization, so there is nothing to leave.
refused-home-organization = { $organization } is your home organization. Its administrator manages your account, so you cannot leave by yourself.
refused-home-account-deleted = Your home account is deleted, so nobody can confirm that it is you who wants to leave { $organization }.
refused-home-account-disabled = Your home organization has blocked your account. While it is blocked, you cannot leave { $organization } by yourself.
refused-account-disabled = { $organization } has blocked your account. While it is blocked, you cannot leave by yourself.
refused-last-administrator = You are the only Global Administrator of { $organization }. Make somebody else Global Administrator first; then you can leave.
refused-not-allowed = { $organization } does not allow guests to leave by themselves.
refused-next = What you can do
refused-permission = To get permission to leave this organization, send an email request to your admin or { $organization } privacy contact.
refused-write = Write the email
refused-contact = Privacy contact:
refused-no-contact = { $organization } has not named a privacy contact. Ask the person who invited you, or anybody you work with there, to pass your request on to an administrator: an administrator can remove your account or allow you to leave.
refused-statement = How your data is handled:
refused-mail-subject = Request to leave { $organization }

# Stale
stale-title = This page is too old
stale-lead = It was already used, or something has changed since you opened it.
stale-nothing = Nothing was done just now. Your account in { $organization } is as it was before.
stale-again = Start again

# Invitation
redeem-title = Review permissions
redeem-lead = { $organization } invites you to work with it as a guest.
redeem-signed-in-as = Signed in as
redeem-invited-by = Invited by
redeem-sent-to = Sent to
redeem-allows = If you accept, { $organization } can
redeem-allows-profile = see your name, your e-mail address and your home organization
redeem-allows-log = record when you sign in and what you do there
redeem-allows-manage = create an account for you, and manage or remove it
redeem-trust = Accept only if you know { $organization } and expected this invitation.
redeem-read = Read this first:
redeem-no-statement = { $organization } has not provided links to their terms for you to review
redeem-leave-later = You can see and leave your organizations later in My Account.
redeem-cancel = If you cancel, nothing changes: the invitation waits for you under Organizations.
redeem-decline = Decline this invitation instead
redeem-used-title = This invitation was already used
redeem-used = An invitation of { $organization } can be accepted once. If it was you, you find the organization in your list. Otherwise ask for a new invitation.
redeem-revoked-title = This invitation is no longer valid
redeem-revoked = It was taken back, or a newer one has replaced it. If you still want to work with { $organization }, ask for a new invitation.
redeemed-title = You are now a guest of { $organization }
redeemed-lead = The invitation is accepted. Sign in to apps of { $organization } with the account that you use now.
redeemed-onward = Go to { $organization }
redeem-other-title = This invitation is for another account
redeem-other = Sign out, sign in with the account that { $organization } invited, and open the link again; or ask for an invitation to the account you use now.
redeem-blocked-title = Your account is blocked
redeem-blocked = { $organization } has blocked the account it made for you. Ask it to unblock the account before you accept.
redeem-barred-title = This invitation cannot be accepted at present
redeem-barred = The settings of { $organization } or of your home organization do not allow you to be its guest. Ask the person who invited you, or an administrator of your home organization.

# Apps of a person
my-apps-title = Apps
my-apps-lead = These apps can act in your name. Remove the access of any that you do not know or no longer use.
my-apps-none = No app can act in your name.
my-apps-removed = { $app } can no longer act in your name.
my-apps-in = At { $organization }
my-apps-signed-in = Signed in
my-apps-allowed = Allowed, not signed in
my-apps-off = Switched off by the organization
my-apps-can = It can:
my-apps-knows = It knows who you are, and can do nothing more in this directory.
my-apps-for-everybody = allowed by an administrator for everybody
my-apps-for-oneself = allowed by you
my-apps-while-away = It can do this while you are away, too.
my-apps-by-device = Signed in on a device with a code
my-apps-since = Since
my-apps-last = Last used
my-apps-remove = Remove access
remove-app-title = Remove the access of { $app }?
remove-app-lead = { $app } can then no longer act in your name at { $organization }.
remove-app-then = What happens then
remove-app-tokens = It is signed out at once, on every device. What it holds to act in your name is void.
remove-app-own = What you allowed it is forgotten. If it asks you again, you decide again.
remove-app-everybody = An administrator of { $organization } allowed it for everybody. So if you sign in to it again, it can act in your name again. Only an administrator can take that back.
remove-app-data = What it has already read stays with whoever runs it. Ask them to delete it.

# Connecting directly: no account in the other organization
connect-title = Let { $organization } know you?
connect-lead = { $app } belongs to { $organization }, where you have no account. Both organizations let you use it with the account of your own organization.
connect-trust = Accept only if you know { $organization } and wanted to open this app.
connection-deleted = Your connection to { $organization }, and the access of its apps to your name
connection-deleted-names = Your name in the organization's audit log
connection-mistake = Nothing can be restored. If both organizations still allow it, you are connected again when you next sign in to an app of { $organization }.

# Administration
admin-title = Administration
admin-organization = You administer
area-people = People
area-external = External Identities
area-organization = Organization
admin-settings-text = Who may invite guests and from where, what guests may see, and whether they may leave by themselves.
admin-deleted-text = Restore users within 30 days, or delete them permanently.
admin-properties-text = Technical contact, global privacy contact and privacy statement.

# External collaboration settings
settings-title = External collaboration settings
settings-read-only = You can see these settings. Your role does not allow changing them.
not-your-role = Your role does not allow changing this. A Global Administrator can.
settings-access-title = Guest user access
settings-access-question = Guest user access restrictions
settings-access-member = Guest users have the same access as members (most inclusive)
settings-access-member-hint = They can list and read every user and every group.
settings-access-limited = Guest users have limited access to properties and memberships of directory objects
settings-access-limited-hint = They can look up people and groups whose ID they know, and see what is public about them.
settings-access-restricted = Guest user access is restricted to properties and memberships of their own directory objects (most restrictive)
settings-access-restricted-hint = They can read their own account, and nothing else.
settings-invites-title = Guest invite settings
settings-invites-question = Guest invite restrictions
settings-invites-everyone = Anyone in the organization can invite guest users including guests and non-admins (most inclusive)
settings-invites-members = Member users and users assigned to specific admin roles can invite guest users including guests with member permissions
settings-invites-admins = Only users assigned to specific admin roles can invite guest users
settings-invites-none = No one in the organization can invite guest users including admins (most restrictive)
settings-invites-effect = Invitations that were sent earlier stay valid.
settings-signup-title = Enable guest self-service sign up via user flows
settings-signup-question = Self-service sign-up
settings-signup-effect = Kept for tools that read it over Graph. This server has no user flows, so nobody can sign up by themselves either way.
settings-leave-title = External user leave settings
settings-leave-question = Allow external users to remove themselves from your organization (recommended)
settings-leave-yes = Yes means that the end user can leave the organization without approval from the admin.
settings-leave-no = No means that the end user will be guided to review the privacy statement and/or contact the privacy contact for approval to leave.
settings-leave-if-no = { $count ->
    [0] If you choose No, nobody is affected today.
    [one] If you choose No, one guest can no longer leave by themselves.
   *[other] If you choose No, { $count } guests can no longer leave by themselves.
 }
settings-leave-if-yes = { $count ->
    [0] If you choose Yes, nobody is affected today.
    [one] If you choose Yes, one guest can leave by themselves again.
   *[other] If you choose Yes, { $count } guests can leave by themselves again.
 }
settings-leave-effect = Saving takes effect at once. Invitations that are not accepted yet can always be declined, and whoever left can be restored for 30 days.
settings-leave-unavailable = You can change this once your organization has a global privacy contact and a privacy statement, because people who may not leave need somebody to turn to.
settings-leave-unavailable-link = Add them in Properties
settings-domains-title = Collaboration restrictions
settings-domains-question = Where invitations can be sent
settings-domains-any = Allow invitations to be sent to any domain (most inclusive)
settings-domains-deny = Deny invitations to the specified domains
settings-domains-allow = Allow invitations only to the specified domains (most restrictive)
settings-domains-target = Target domains
settings-domains-hint = One domain a line, such as fabrikam.com. Each stands for itself, not for its subdomains.
settings-domains-effect = Guests who have accepted stay, whatever their domain. While any domain is allowed, the list is kept and does nothing.
settings-removal-title = Deleted home accounts
settings-removal-question = Remove guests and their data from your organization when their home account is deleted
settings-removal-yes = A guest is deleted here when the home account is deleted, and permanently after 30 days. Restoring the home account in time restores the guest.
settings-removal-no = A guest whose home account is deleted can no longer sign in, but stays here until somebody removes it.
settings-removal-touches = { $count ->
    [0] No guest has a home account that this could follow.
    [one] One guest has a home account that this would follow.
   *[other] { $count } guests have a home account that this would follow.
 }
settings-removal-see = See whom it would touch
settings-removal-not-retroactive = Saving does not touch guests whose home account was deleted earlier.
settings-earlier = { $count ->
    [0] There are no such earlier cases.
    [one] There is one earlier case.
   *[other] There are { $count } earlier cases.
 }
settings-earlier-link = Review and apply
settings-roles-title = Guests as administrators
settings-roles-question = Allow directory roles to be given to people whose home account is elsewhere
settings-roles-yes = They get power over this organization, while their password and second factor are up to their home organization.
settings-roles-no = Recommended. Only members are given roles. Whoever holds one keeps it until somebody takes it away.
settings-roles-now = { $count ->
    [0] Nobody from outside holds a directory role.
    [one] One person from outside holds a directory role.
   *[other] { $count } people from outside hold a directory role.
 }
settings-error-privacy = Not saved. Add a global privacy contact and a privacy statement in Properties first.
settings-error-nothing-chosen = Not saved. Choose Yes or No, or one of the other values, and save again.
settings-error-changed = Not saved. Somebody else changed this after you opened the page. This is how it is now; make your change again if it is still needed.
settings-error-not-allowed = Not saved. Your role does not allow this change; ask a Global Administrator.
settings-error-domains = Not saved. Enter domain names, one a line, such as fabrikam.com. What you entered is still there.
settings-ask-access = Let guests see everybody?
settings-ask-access-text = { $count ->
    [0] Guests will be able to list and read every user and every group. What they have seen cannot be taken back.
    [one] One guest will be able to list and read every user and every group. What the guest has seen cannot be taken back.
   *[other] { $count } guests will be able to list and read every user and every group. What they have seen cannot be taken back.
 }
settings-ask-access-yes = Give guests this access
settings-ask-roles = Let people from outside become administrators?
settings-ask-roles-text = Directory roles can then be given to people whose home account is elsewhere. This organization cannot hold them to its rules for passwords and second factors.
settings-ask-roles-yes = Allow it
settings-ask-domains = Shut out invitations that are on their way?
settings-ask-domains-text = { $count ->
    [one] One invitation that nobody has accepted yet can no longer be accepted once this is saved.
   *[other] { $count } invitations that nobody has accepted yet can no longer be accepted once this is saved.
 }
settings-ask-domains-text-least = At least { $count } invitations that nobody has accepted yet can no longer be accepted once this is saved.
settings-ask-domains-yes = Save, and shut them out

# Whom the removal with the home account would touch
removal-ask = Remove guests together with their home account?
removal-on = Guests are removed together with their home account
removal-touched = { $count ->
    [0] No guest has a home account in another organization of this directory.
    [one] One guest has a home account in another organization of this directory, and is removed when that is deleted.
   *[other] { $count } guests have a home account in another organization of this directory. Each is removed when that account is deleted.
 }
removal-untouched = { $count ->
    [0] Nobody signs in from elsewhere.
    [one] One person signs in from elsewhere or has not accepted the invitation yet, and is not touched.
   *[other] { $count } people sign in from elsewhere or have not accepted the invitation yet. They are not touched.
 }
removal-earlier = { $count ->
    [0] There are no guests whose home account was deleted earlier.
    [one] The home account of one guest was deleted earlier. That guest is not touched, and stays until somebody removes it.
   *[other] The home accounts of { $count } guests were deleted earlier. They are not touched, and stay until somebody removes them.
 }
removal-switch-on = Switch it on
removal-whom = Whom it would touch
removal-nobody = It would touch nobody today.

# Earlier cases
home-deletions-title = Guests without a home account
home-deletions-lead = The home accounts of these guests are deleted, so they cannot sign in. They stay here until you remove them.
home-deletions-none = There are none. The home account of every guest still exists.
home-deletions-total = { $count ->
    [one] One guest.
   *[other] { $count } guests.
 }
home-deletions-since = Home account deleted on
home-deletions-review = Review removal
home-deletions-nothing-chosen = Choose at least one guest, and review again.
home-deletions-ask = { $count ->
    [one] Remove one guest?
   *[other] Remove { $count } guests?
 }
home-deletions-ask-text = They move to Deleted users at once. You can restore them until { $until }; after that they are permanently deleted.
home-deletions-apply = { $count ->
    [one] Remove one guest
   *[other] Remove { $count } guests
 }
home-deletions-removed = { $count ->
    [one] One guest is removed.
   *[other] { $count } guests are removed.
 }

# Users
users-title = Users
admin-users-text = Members and guests: who they are, where they are at home, block, invite and remove them.
users-show = Who
users-show-all = All users
users-show-members = Members
users-show-guests = Guests
users-show-pending = Guests: invitation pending
users-show-accepted = Guests: invitation accepted
users-show-blocked = Guests: blocked
users-show-never = Guests: never signed in to an app here
users-search = Name or user name
users-none = Nobody is found. Show all, or look for something else.
users-kind = Type
users-state = State
users-remove-chosen = Remove the chosen users…
users-nothing-chosen = Choose at least one user who is still there.
kind-member = Member
kind-guest = Guest
state-active = Active
state-pending = Invitation pending
state-blocked = Blocked
state-without-home = Home account deleted
state-deleted = Deleted
nobody = Nobody
none = None
never = Never
list-comma = ,{ " " }
user-title = User { $name }
user-account = Account
user-mail = E-mail address
user-home = Home
user-home-here = This organization
user-home-organization = Another organization: { $domain }
user-home-mailbox = The mailbox { $address }, by passcode
user-home-provider = The identity provider { $name }
user-home-provider-gone = An identity provider that is no longer registered
user-home-invited = Not known yet: whoever accepts the invitation to { $address }
user-home-gone = The home account is deleted since { $since }. The guest cannot sign in, and stays here until somebody removes it.
user-deleted = Deleted on { $at }, permanently from { $until } on.
user-invitation = Invitation
user-invited-at = Sent on { $at }, not accepted yet
user-accepted-at = Accepted on { $at }
user-invited-by = Invited by
user-sponsors = Sponsors
user-groups = Groups
user-roles = Directory roles
user-created = Created on
user-sign-in = Last sign-in to an app here
user-sign-in-silent = Last sign-in by an app alone
user-id = Object ID
user-blocked = { $name } is blocked, and is signed out everywhere.
user-unblocked = { $name } can sign in again.
user-history = History
user-no-history = The audit log says nothing about this user.
user-whole-history = Look further in the audit log
user-block = Block
user-block-text = A blocked user is signed out everywhere at once and cannot sign in. Nothing is deleted.
user-unblock = Unblock
user-unblock-text = This user is blocked. Unblocking allows signing in again.
user-invite-again = Send the invitation again
user-invite-again-text = A new invitation replaces the one that was sent before.
user-reset = Reset redemption…
user-reset-text = If the guest has a new account at home: invite the same guest again, with groups and all.
user-remove = Remove…
user-remove-text = You see what happens before it does, and can restore the user for 30 days.
obstacle-role = Whoever holds a directory role is removed by Global Administrators only.
obstacle-yourself = You cannot remove your own account. Another Global Administrator can.
obstacle-last-administrator = This is the last Global Administrator. Give another account that role first.
remove-ask = { $count ->
    [0] Remove nobody
    [one] Remove one user?
   *[other] Remove { $count } users?
 }
remove-nobody = Nobody of those chosen can be removed by you.
remove-text = They move to Deleted users at once. You can restore them until { $until }; after that they are permanently deleted.
remove-access = They are signed out everywhere and can no longer sign in.
remove-restorable = Restoring brings back properties and groups, but not directory roles.
remove-members = Members who are guests elsewhere cannot sign in there either, and may be removed there.
remove-loses = Leaves behind
remove-nothing = Neither groups nor roles
remove-groups = { $count ->
    [one] One group
   *[other] { $count } groups
 }
remove-roles = Directory roles: { $roles }
remove-both = { $groups }. { $roles }
remove-yes = { $count ->
    [one] Remove one user
   *[other] Remove { $count } users
 }
remove-left = { $count ->
    [one] One user cannot be removed
   *[other] { $count } users cannot be removed
 }
remove-why = Why
removed-title = { $count ->
    [0] Nobody is removed
    [one] One user is removed
   *[other] { $count } users are removed
 }
removed-text = You find them among the deleted users, where they can be restored for 30 days.
removed-gone = { $count ->
    [one] One was gone already.
   *[other] { $count } were gone already.
 }
removed-left = { $count ->
    [one] One user is still there
   *[other] { $count } users are still there
 }
removed-back = Back to the users

# Invite a guest
invite-title = Invite a guest
invite-lead-mail = The guest gets a mail with a link, and becomes a guest by accepting.
invite-lead-link = You get a link to send to the guest, who becomes a guest by accepting.
invite-address = E-mail address of the guest
invite-address-hint = The account with which the guest signs in at home, or a mailbox.
invite-name = Display name
invite-name-hint = As your organization should see it. Empty: the part of the address before the @.
invite-kind = Invite as
invite-guest-hint = Sees of your organization what the settings let guests see.
invite-member-hint = Counts as one of your own people, although the account is at home elsewhere.
invite-mail = Mail
invite-language = Language of the mail
invite-message = Your message
invite-message-hint = Plain text, added to the mail.
invite-send = Invite
invite-error-own-domain = Not invited. The address is in a domain of your own organization: people in it are members.
invite-error-domain = Not invited. The collaboration restrictions do not allow guests from this domain.
invite-error-border = Not invited. The settings between organizations do not let people of that organization come.
invite-error-not-a-guest = Not invited. A member of your organization has this address.
invite-error-blocked = Not invited. There is a guest with this address, who is blocked. Unblock the guest first.
invited-title = { $address } is invited
invited-mailed = A mail with the invitation is on its way to { $address }.
invited-not-mailed = No mail was sent. Send this link to { $address } yourself, by a way that nobody else reads.
invited-link = Link to accept the invitation
invited-link-hint = Shown only now. An earlier link of the same guest is no longer good.
invited-guest = See { $name }
reset-title = Let { $name } accept anew?
reset-text = The account is taken from whoever signs in to it now. A new invitation goes to { $address }, and whoever accepts it gets the account.
reset-out = The guest is signed out everywhere until the new invitation is accepted.
reset-keeps = Groups, roles and properties of the account stay.
reset-yes = Reset redemption

# Deleted users
deleted-title = Deleted users
deleted-lead = Restoring brings back properties and groups, but not directory roles. After 30 days a user is permanently deleted.
deleted-days = { $count ->
    [0] Less than 1
   *[other] { $count }
 }
deleted-none = There are no deleted users.
deleted-restored = { $name } is restored, and can sign in again.
deleted-purged = The user is permanently deleted.
deleted-no-longer-there = This user is no longer in the list: restored or permanently deleted meanwhile.
deleted-name-taken = { $name } cannot be restored: somebody else has the user name now. Rename that user first.
deleted-not-yours = Your role does not manage this user
column-name = Name
column-cause = Cause
column-deleted-on = Deleted on
column-days-left = Days left
column-actions = Actions
cause-left = Left by themselves
cause-removed = Removed by an administrator
cause-home-deleted = Home account deleted
purge-title = Delete { $name } permanently?
purge-lead = This cannot be undone. The account and all personal data of it are deleted at once, and nobody can restore it.
purge-otherwise = Otherwise deleted after

# Properties
properties-title = Properties
properties-read-only = You can see these properties. Changing them needs the role Global Administrator.
properties-technical-contact = Technical contact
properties-technical-contact-hint = E-mail address for notices about the service.
properties-privacy-title = Privacy information
properties-privacy-text = Guests see both when they may not leave by themselves. Without both, leaving cannot be switched off.
properties-privacy-contact = Global privacy contact
properties-privacy-contact-hint = E-mail address at which people ask about their data, or for permission to leave.
properties-privacy-statement = Privacy statement URL
properties-privacy-statement-hint = An address that begins with https:// or mailto:.

# Set-up
setup-title = Set up this server
setup-lead = Create the first organization and its administrator. This is done once.
setup-secret = Set-up secret
setup-secret-hint = It is in the file setup-secret of the server's data directory. It is good for 30 minutes, once.
setup-organization-title = Your organization
setup-organization = Name of the organization
setup-organization-hint = As guests should see it, such as Contoso.
setup-domain = Domain
setup-domain-hint = User names end with it, such as contoso.com.
setup-administrator-title = Its administrator
setup-name = Your name
setup-user-name = User name
setup-user-name-hint = The part before the @, such as admin.
setup-password = Password
setup-password-hint = At least 15 characters, for example four random words.
setup-password-again = Password again
setup-create = Create organization
setup-done-title = The server is set up
setup-done-lead = { $organization } exists, and you are its Global Administrator.
setup-done-next = Sign in, and add the privacy information of your organization in Properties.

# What apps ask for
continue = Continue
other-account = Use another account
onward-title = One moment
onward-lead = You will be taken on. If nothing happens, press Continue.
form-post-lead = You are signed in. Press Continue to go back to the app.
choose-account-title = Choose an account
oauth-refused-title = The app cannot sign you in
oauth-refused-lead = The app sent a request that this server does not answer. Go back to the app, or give its developer the text below.
consent-title = { $app } asks for permission
consent-lead = It wants to use your account in { $organization } to:
consent-lead-everybody = If you accept, it may do this for everybody in { $organization }, and nobody else is asked:
consent-needs-administrator = This needs an administrator of { $organization }. Ask one to grant it, or sign in with an administrator account.
consent-own = (by itself, without anybody signed in)
consent-offline = Keep this access while you are away
consent-destination = Goes to
consent-trust = Accept only if you trust this app. Your organization can take the permission back at any time.
consent-everyone = Accept for everybody in { $organization }
device-title = Sign a device in
device-lead = Enter the code that your device or program shows.
device-code = Code
device-code-hint = Eight letters, such as BCDF-GHJK.
device-warning = Enter only a code from a device or program that you started yourself. Never enter one that somebody sent you.
device-warning-app = { $app } on another device will be signed in as you. If you did not start this there yourself a moment ago, press Cancel: somebody may be trying to use your account.
device-app = App
device-permissions = The app asks for permission to:
device-accept = Sign the device in
device-unknown = There is no such code, or it is used or too old. Check it, or start again on the device.
device-throttled = Too many wrong codes. Wait a quarter of an hour and try again.
device-not-allowed = This account cannot sign devices in this way: the organization does not allow it, or does not know the app.
device-needs-administrator = The app needs a permission that only an administrator can grant. The device was not signed in.
device-approved = The device is signed in. You can close this page.
device-declined = The device was not signed in. You can close this page.
sign-out-title = Sign out?
sign-out-lead = An app asks to sign you out here.

# Errors
error-status = Status
error-retry = { $seconds ->
    [one] Try again in one second.
   *[other] Try again in { $seconds } seconds.
 }
error-home = Go to My Account
error-400-title = This request could not be read
error-400 = Part of it was missing or out of date. Go back, reload the page and try again. Nothing was changed.
error-403-title = This page is not for this account
error-403 = It needs a role that the account you are signed in with does not have, or the form came from another site. Sign in with another account, or ask an administrator for the role. Nothing was changed.
error-not-set-up-title = This server is not set up yet
error-not-set-up = Its operator does that in a browser on the machine itself, at an address such as https://localhost. Come back when it is done.
error-404-title = There is no such page
error-404 = The link may be old or incomplete. Start from My Account to find what you were looking for.
error-409-title = Something changed in the meantime
error-409 = Somebody, perhaps you in another window, was quicker. Go back, reload the page to see how it is now, and decide again. Nothing was changed.
error-429-title = Too many requests
error-429 = The server takes a short break for your safety and that of others. Wait a little and try again.
error-500-title = Something went wrong here
error-500 = It was not your doing. Try again; if it happens again, give the administrator the request ID below.
error-503-title = The server is busy or being looked after
error-503 = Nothing is lost. Wait a little and try again.

# Sign in: second factor, providers
sign-in-again = Confirm that it is you. What comes next is for people who signed in within the last ten minutes.
sign-in-code = Code
sign-in-code-hint = The six digits that your authenticator app shows, or one of your recovery codes.
sign-in-wrong-code = This code is not right, or was used before. Wait for the next one and try again.
new-password-title = Choose a new password
new-password-lead = Your organization asks you to choose a new password before you go on. Wherever else you are signed in, you will be signed out.
new-password = New password
new-password-again = New password again
new-password-save = Save and sign in
new-password-same = This is the password that you have now. Choose another one.
new-password-expired = Choosing a new password took too long, or was finished before. Sign in again; if you have chosen a new password, with that one.
sign-in-choose = How do you want to sign in?
sign-in-with = Continue with { $provider } to { $organization }
sign-in-send-passcode = Send me a passcode by e-mail
sign-in-provider-expired = This sign-in took too long, was finished before, or was begun in another browser. Start again.
sign-in-provider-cancelled = The sign-in at your organization was broken off. Start again if you still want to sign in.
sign-in-provider-unreachable = The identity provider of your organization cannot be reached at the moment. Try again in a few minutes.
sign-in-provider-untrusted = What the identity provider sent does not prove who you are, so you are not signed in. Start again; if it stays, tell an administrator of the organization that invited you.
sign-in-provider-unknown = You are not known here with this account. Ask the organization that you work with to invite you, and sign in with the account that was invited.

# Sessions
sessions-title = Devices
sessions-lead = Where you are signed in at present. Sign out wherever you do not recognize yourself.
sessions-ended = Signed out there.
sessions-current = This device
sessions-second-factor = Second factor
sessions-started = Signed in on
sessions-seen = Last used on
sessions-network = from { $network }
sessions-unknown = Unknown device
sessions-all = Sign out
sessions-all-text = Signing out everywhere also ends what apps may do with your account: they ask you to sign in again.
sessions-others = Sign out of all other devices
sessions-everywhere = Sign out everywhere

# Second factor
security-title = Security
security-second-factor = Second factor
security-second-factor-text = With a second factor, your password alone is not enough: an app on your phone shows a code that changes every 30 seconds.
security-required = Your organization asks for a second factor, because you hold a directory role.
security-lacking = The administration pages open once you have set up a second factor.
security-elsewhere = You have no password here. How you sign in is decided where your account is at home.
security-set-up = Set up
security-since = Set up on
security-codes-left = Recovery codes left
security-code-hint = To change anything here, enter the code that your app shows, or a recovery code.
security-renew = Make new recovery codes
security-remove = Take the second factor away
security-removed = The second factor is taken away. From now on your password is enough.
setup-factor-title = Set up a second factor
setup-factor-scan = Add the account to your authenticator app
setup-factor-scan-text = Scan this picture with an authenticator app.
setup-factor-drawing = QR code with the secret for the app
setup-factor-type = If you cannot scan it, enter this secret in the app:
setup-factor-code-hint = Enter the six digits that the app shows now.
setup-factor-confirm = Confirm
recovery-title = Your recovery codes
recovery-lead = Keep these codes where you find them without your phone. They are shown only now.
recovery-text = Each code signs you in once, in place of a code of the app. When few are left, make new ones.
recovery-kept = I have kept them

# Ways to sign in
admin-methods-text = Second factor for administrators, and the identity providers of your partners.
methods-title = Sign-in
methods-factor-question = Ask everybody who holds a directory role for a second factor
methods-factor-yes = Without a second factor, a role cannot be used on the administration pages.
methods-factor-no = A password is enough, also for administrators.
methods-providers = Identity providers
methods-providers-text = People of a partner sign in with the provider of the partner, over OpenID Connect, and can then accept your invitations.
methods-none = No provider is registered yet.
methods-off = Switched off
methods-domain-confirmed = Confirmed
methods-domain-waiting = Waits for the operator
methods-domain-hint = People with a user name in this domain are offered the provider, once the operator of the server has confirmed that the domain is the partner's.
methods-add-domain = Add domain
methods-remove-domain = Remove
methods-enable = Switch on
methods-disable = Switch off
methods-delete = Take away
methods-add = Register a provider
methods-callback = Register this server with the provider first, with this redirect address:
methods-name = Name
methods-name-hint = Shown to people who sign in, such as the name of the partner.
methods-issuer = Issuer
methods-issuer-hint = Exactly as the provider writes it into its tokens. It cannot be changed later.
methods-client-id = Client ID
methods-client-secret = Client secret
methods-client-secret-hint = Stored encrypted and never shown again.
methods-trusts-email = The provider gives addresses only to whoever has them
methods-trusts-email-hint = Choose this for providers that do not say of each address that it is verified. Only addresses in confirmed domains count.
methods-register = Register
methods-error-taken = Not saved. The issuer or the domain is already in use.
methods-error-unreadable = Not saved. The provider could not be read under this issuer; check that it is exact and begins with https://.

# Mails of a demonstration
outbox-title = Outbox
outbox-lead = Mails of this demonstration. They go nowhere else.
outbox-none = There are no mails yet.
outbox-to = To { $address }

# Mails
mail-invitation-subject = { $organization } invites you
mail-invitation-by-person = { $person } invites you to work with { $organization } as a guest.
mail-invitation-by-organization = { $organization } invites you to work with it as a guest.
mail-invitation-caution = Accept only if you know the organization and expected this invitation. You see what it asks for before you accept.
mail-invitation-link = Review the invitation
mail-copy-subject = { $organization } has invited { $address }
mail-copy-invited = { $organization } has invited { $address } to work with it as a guest. You get this copy because the invitation names you.
mail-copy-nothing-to-do = There is nothing for you to do. The link to accept the invitation went to { $address } alone.
mail-invitation-private = The link is for you alone: do not pass it on. If you ignore this message, you hear no more of it.
mail-passcode-subject = Your passcode
mail-passcode-intro = This is the passcode to sign in with:
mail-passcode-life = It can be used once, within { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
 }.
mail-passcode-caution = Nobody who is in the right asks you for it. If you did not want to sign in, ignore this message.

# Explorer
explorer-title = Explorer
explorer-lead = Send requests to Microsoft Graph on this server, as yourself. Nothing goes to another server.
explorer-nowhere = You have no account yet that could ask something. Accept an invitation first.
explorer-no-account = Nothing was sent: you have no account in this organization that can act now. Choose another organization.
explorer-unanswered = No answer came. The request may have been carried out, or not. See how things stand before you send it again.
explorer-shut = Nothing was sent. You hold a role there, and its rights are closed after 15 minutes without use. Sign in again; what you typed is kept.
explorer-stale = This needs a sign-in within the last ten minutes. What you typed is kept.
explorer-sign-in-again = Sign in again
explorer-method = Method
explorer-version = Version
explorer-target = Address
explorer-target-hint = What follows the version, such as users?$top=5. A whole address out of the documentation works, too.
explorer-headers = Request headers
explorer-headers-hint = One on each line, such as ConsistencyLevel: eventual.
explorer-body = Request body
explorer-run = Run
explorer-samples = Samples
explorer-samples-hint = A sample only fills in the request. Nothing is sent before you choose Run. Put an id in place of each name in braces.
explorer-answer = Answer
explorer-answer-body = Body
explorer-answer-headers = Headers of the answer
explorer-no-body = The answer has no body.
explorer-cut = The body has { $total } KB. Its beginning is shown; get the whole with curl.
explorer-follow = Follow { $name }
explorer-permissions = Permissions
explorer-unknown = Microsoft Graph on this server has no such method at such an address.
explorer-needs-nothing = This needs no permission.
explorer-needs-each = Each request inside is judged by itself.
explorer-allowed = You may do this
explorer-not-allowed = You may not do this here
explorer-lacks-permission = Without a role, the explorer may only read your own profile and the organization. More takes an app that an administrator granted one of these permissions.
explorer-lacks-role = It takes one of these roles, too.
explorer-lacks-policy = The policies of the organization do not let you.
explorer-needs-delegated = Needed by an app on your behalf, least first
explorer-has-permissions = The explorer has
explorer-has-every = All of them: your role decides
explorer-has-basic = User.Read
explorer-needs-roles = Needed roles, one of
explorer-has-roles = Your roles here
explorer-needs-application = Needed by an app by itself, least first
explorer-none = None
explorer-none-suffices = No permission suffices
explorer-curl = The same with curl
explorer-token = How to get a token
explorer-token-hint = $TOKEN stands for an access token. Your session has none that could be shown. A registered app gets one with its client id and secret:
problem-other-server = The explorer sends to this server only. Enter what follows the version, such as users.
problem-placeholder = Put a value in place of each name in braces.
problem-not-a-header = Write one header on each line, with a colon, such as ConsistencyLevel: eventual.
problem-header-of-ours = The explorer sets Authorization, Cookie, Host and the headers of the connection by itself. Leave them out.

# Directory roles, as the model names them
role-application-administrator = Application Administrator
role-authentication-administrator = Authentication Administrator
role-cloud-application-administrator = Cloud Application Administrator
role-conditional-access-administrator = Conditional Access Administrator
role-directory-readers = Directory Readers
role-directory-writers = Directory Writers
role-external-id-user-flow-administrator = External ID User Flow Administrator
role-external-identity-provider-administrator = External Identity Provider Administrator
role-global-administrator = Global Administrator
role-global-reader = Global Reader
role-guest-inviter = Guest Inviter
role-helpdesk-administrator = Helpdesk Administrator
role-identity-governance-administrator = Identity Governance Administrator
role-partner-tier1-support = Partner Tier1 Support
role-partner-tier2-support = Partner Tier2 Support
role-privileged-authentication-administrator = Privileged Authentication Administrator
role-privileged-role-administrator = Privileged Role Administrator
role-reports-reader = Reports Reader
role-security-administrator = Security Administrator
role-security-reader = Security Reader
role-user-administrator = User Administrator

# What permissions let an app do, as the model says it
permission-app-role-assignment-read-write-all = Grant application permissions to any app
permission-application-read-all = Read apps and their service principals
permission-application-read-write-all = Register, change and delete apps, and give them credentials
permission-audit-log-read-all = Read the audit log
permission-delegated-permission-grant-read-write-all = Grant delegated permissions to any app
permission-directory-read-all = Read users, groups, apps and roles
permission-directory-read-write-all = Read and change users, groups and apps
permission-group-read-all = Read groups and their members
permission-group-read-write-all = Create, change and delete groups, and change their members
permission-group-member-read-all = Read groups and who belongs to them
permission-group-member-read-write-all = Change who belongs to a group
permission-identity-provider-read-all = Read the external identity providers of the organization
permission-identity-provider-read-write-all = Register external identity providers, change them and take them away
permission-organization-read-all = Read the properties of the organization
permission-organization-read-write-all = Change the properties of the organization
permission-policy-read-all = Read the policies of the organization
permission-policy-read-write-authentication-flows = Say whether people may sign themselves up
permission-policy-read-write-authorization = Say who may invite, and what guests may see
permission-policy-read-write-cross-tenant-access = Say with which organizations people may work together
permission-policy-read-write-external-identities = Read and write your organization's external identities policy
permission-role-management-read-directory = Read who holds which directory role
permission-role-management-read-write-directory = Give and take directory roles
permission-user-delete-restore-all = Delete users, and restore them
permission-user-invite-all = Invite guests
permission-user-read = Sign people in and read their own profile
permission-user-read-all = Read all properties of all users
permission-user-read-write-all = Create, change, delete and restore users

# What was done, as the audit log names it
activity-create-company = Create Company
activity-update-policy = Update policy
activity-set-company-information = Set Company Information
activity-add-user = Add user
activity-update-user = Update user
activity-enable-account = Enable account
activity-disable-account = Disable account
activity-invite-external-user = Invite external user
activity-reinvite-external-user = Invite external user with reset invitation status
activity-redeem-invitation = Redeem external user invite
activity-leave-organization = Leave organization
activity-delete-user = Delete user
activity-restore-user = Restore user
activity-hard-delete-user = Hard Delete user
activity-home-account-deleted = Home account deleted
activity-home-account-restored = Home account restored
activity-add-role-member = Add member to role
activity-remove-role-member = Remove member from role
activity-add-application = Add application
activity-grant-permission = Add app role assignment to service principal
activity-revoke-permission = Remove app role assignment from service principal
activity-update-application = Update application
activity-update-app-secrets = Update application - Certificates and secrets management
activity-reset-password = Reset user password
activity-change-password = Change user password
activity-force-password-change = Set force change user password
activity-add-group = Add group
activity-add-group-member = Add member to group
activity-remove-group-member = Remove member from group
activity-update-group = Update group
activity-delete-group = Delete group
activity-update-authorization-policy = Update authorization policy
activity-update-access-default = Update the company default cross-tenant access setting
activity-add-access-partner = Add a partner to cross-tenant access setting
activity-update-access-partner = Update a partner cross-tenant access setting
activity-delete-access-partner = Delete partner specific cross-tenant access setting
activity-add-sponsor = Add user sponsor
activity-remove-sponsor = Remove user sponsor
activity-delete-application = Delete application
activity-add-service-principal = Add service principal
activity-update-service-principal = Update service principal
activity-remove-service-principal = Remove service principal
activity-add-delegated-grant = Add delegated permission grant
activity-remove-delegated-grant = Remove delegated permission grant
activity-connect-directly = Connect to organization
activity-token-refused = Token request refused
activity-sign-in = Sign in
activity-sign-in-refused = Sign-in refused
activity-add-signing-key = Add signing key
activity-send-mail = Send mail
activity-register-security-info = User registered security info
activity-delete-security-info = User deleted security info
activity-revoke-sessions = Revoke user sign in sessions
activity-revoke-refresh-tokens = Update StsRefreshTokenValidFrom Timestamp
activity-revoke-consent = Revoke consent
activity-update-sign-in-settings = Update sign-in settings
activity-add-identity-provider = Add identity provider
activity-update-identity-provider = Update identity provider
activity-delete-identity-provider = Delete identity provider

# Roles
roles-title = Roles
admin-roles-text = What each directory role allows, and who holds it.
roles-lead = Everybody who holds a role can open these pages and see settings, users, groups, apps and roles. What a role allows beyond that stands beside it.
roles-held = Roles in use
roles-unheld = Roles that nobody holds
role = Role
role-allows = Allows
role-allows-nothing-more = Nothing beyond that
role-holders = Held by
role-nobody = Nobody
role-more = { $count ->
    [one] and one more
   *[other] and { $count } more
 }
ability-everything = Everything in this organization
ability-see = Open these pages, and see settings, users, groups, apps and roles
ability-external = Decide whether guests may leave, from which domains they come, and which identity providers partners sign in with
ability-providers = See how the identity providers of partners are registered
ability-partners = Say with which organizations people may work together
ability-inviting = Say who may invite, and what guests may see
ability-organization = Change the properties of the organization, and how its people sign in
ability-create = Create users, and create, change and delete groups
ability-users = Change, block, delete and restore users, and delete them permanently
ability-deleted = See deleted users
ability-roles = Give and take every role, and grant apps permissions of their own
ability-apps = Register, change and delete apps, give them credentials, and consent on behalf of everybody
ability-audit = Read the audit log
ability-invite = Invite guests, also where members may not
role-allows-title = What it allows
role-holders-title = Who holds it
role-holders-none = Nobody holds this role.
role-read-only = You can see who holds a role. To give or take one, you need the role Global Administrator or Privileged Role Administrator.
role-give-title = Give this role to somebody
role-give-field = Who
role-give-hint = User name, e-mail address or object ID. You see who it is before anything changes.
role-give = Give the role
role-give-ask = Give { $name } the role { $role }?
role-give-effect = From the next request on, { $name } may:
role-given = { $name } holds this role now.
role-take = Take away
role-take-ask = Take the role { $role } from { $name }?
role-take-effect = What the role allows ends with the next request, also where the person is signed in at the moment.
role-take-oneself = This is you. Somebody else has to give you the role back, and you may no longer be able to open these pages.
role-take-apply = Take the role away
role-taken = { $name } does not hold this role any more.
role-refused-held = This person holds the role already.
role-refused-not-held = This person does not hold the role.
role-refused-outsider = Roles are not given to people whose home is elsewhere, because this organization could not hold them to its rules for administrators. Give the role to a member, or allow it first in the policy guestAdministrators.
role-refused-outsider-by-outsider = Somebody whose home is elsewhere cannot give roles to others whose home is elsewhere. Ask an administrator who is at home here.
role-refused-last-administrator = This is the last Global Administrator who is at home here. Give another member that role first; then this one can be taken.
person-kind = Home
person-internal = This organization
person-external = Elsewhere
person-mail = E-mail address
person-roles = Roles now
person-roles-none = None
problem-nobody-found = Nobody is found under this name. Check it; a deleted user has to be restored first.

# App registrations
apps-title = App registrations
admin-apps-text = Register apps, give them secrets and certificates, and decide what they may do.
apps-lead = Apps that sign people in here or ask for data of this organization. What an app may do, you grant and revoke on its page.
app-page-title = { $app } (app)
apps-none = No app is registered yet.
app = App
app-new-title = Register an app
app-new-lead = A new app may do nothing yet. You grant it permissions afterwards.
app-register = Register
app-registered = The app is registered. Its client ID is below.
app-name = Name
app-name-hint = Shown to people when the app asks them for permission.
app-kind = Kind
app-kind-question = Where does it run?
app-kind-web = Web app or service
app-kind-web-hint = On a server, where it can keep a secret.
app-kind-spa = Single-page app
app-kind-spa-hint = In the browser, where nothing stays secret.
app-kind-device = Mobile, desktop or command line
app-kind-device-hint = On a device, where nothing stays secret.
app-addresses = Redirect addresses
app-addresses-hint = Where people return to after signing in, one address per line: https, or http to localhost for a program on the same machine. Leave it empty for a service that signs nobody in.
app-public = Public client
app-public-hint = It has no credentials and acts only for people who are signed in.
app-public-question = Can the app keep a secret?
app-confidential = Confidential
app-confidential-hint = It proves who it is with a secret or a certificate.
app-credentials = Secrets and certificates
app-credentials-text = With one of these the app proves who it is. Whoever has it can do everything that the app may do.
app-credentials-public = This app is a public client, so these do not work. Remove them, or say below that it can keep a secret.
app-registered-on = Registered on
app-state = State
app-on = On
app-off = Off
app-no-principal = Cannot sign in
app-is-off-text = While the app is off, it gets no tokens, and those that it has do not work.
app-no-principal-text = The app is registered without a service principal, so there is nothing that could sign in. Switching it on creates one.
app-client-id = Client ID
app-application-id = Object ID of the app
app-principal-id = Object ID of the service principal
app-properties = Name and addresses
app-read-only = You can see this app. To change it, you need the role Global Administrator, Application Administrator or Cloud Application Administrator.
app-switch-on = Switch on
app-switched-on = The app is on.
app-switch-off = Switch off
app-switched-off = The app is off. It stopped working with its next request.
app-off-ask = Switch { $app } off?
app-off-text = { $app } gets no tokens any more, and those that it has stop working with the next request. You can switch it on again.
app-delete = Delete the app
app-delete-about = Deleting an app cannot be undone. If you are not sure, switch it off.
app-delete-ask = Delete { $app } permanently?
app-delete-text = This cannot be undone. { $app } stops working with its next request. If you register it again, it gets another client ID.
app-delete-credentials = { $count ->
    [0] It has no secrets or certificates.
    [one] One secret or certificate goes with it.
   *[other] { $count } secrets and certificates go with it.
 }
app-delete-permissions = { $count ->
    [0] It has no permissions.
    [one] One permission goes with it.
   *[other] { $count } permissions go with it.
 }
app-delete-apply = Delete permanently
app-deleted = The app is deleted.

secrets = Secrets
certificates = Certificates
credentials-none = None.
credential-name = What it is for
credential-name-hint = For yourself, such as the server that uses it. May be left empty.
credential-unnamed = Without a name
credential-created = Added on
credential-expires = Good until
credential-over = Expired
credential-soon = { $days ->
    [0] Expires today
    [one] One day left
   *[other] { $days } days left
 }
credential-added = Added. The app can use it at once.
credential-remove = Remove
credential-removed = Removed. The app can no longer use it.
credential-remove-text = { $app } can no longer sign in with it. Make sure that the app uses another one by now.
credential-remove-apply = Remove
secret-new-title = Add a secret
secret-new-lead = The secret is shown once, on the next page. Have a safe place ready for it.
secret-days = How long is it good?
secret-90 = 90 days
secret-180 = 180 days
secret-365 = One year
secret-730 = Two years
secret-add = Add and show the secret
secret-title = Secret
secret-of = Secret of { $app }
secret-lead = Copy it now. It is not shown again.
secret-text = Only a fingerprint of it is stored here. If it is lost, add another one and remove this one.
secret-mark = Begins with
secret-remove-ask = Remove a secret from { $app }?
secret-kept = I have kept it
certificate = Certificate
certificate-new-title = Add a certificate
certificate-new-lead = The app keeps the private key. Here you enter the certificate with the public key.
certificate-hint = In PEM or Base64 form, with an RSA key of 2048 to 8192 bits.
certificate-add = Add certificate
certificate-mark = Thumbprint
certificate-remove-ask = Remove a certificate from { $app }?
problem-not-an-app-address = Enter one address per line, each with https, or http to localhost for a program on the same machine.
problem-not-a-certificate = This is not an X.509 certificate with an RSA key of 2048 to 8192 bits. Enter the certificate, not the private key.
problem-unshowable = This contains characters that cannot be shown. Type it in again.

app-permissions = Permissions
app-permissions-text = What the app asks for and what it may do: for signed-in people, within what each of them may do; or by itself, without anybody signed in. Revoking counts from its next request on.
app-permissions-none = The app asks for nothing and may do nothing.
permission = Permission
permission-form = How
permission-form-people = For signed-in people
permission-form-own = By itself
permission-granted = Granted
permission-asked = Asked for, not granted
permission-people = { $count ->
    [one] One person allowed it for themselves
   *[other] { $count } people allowed it for themselves
 }
permission-people-label = People
permission-people-too = It is taken from them, too.
permission-not-yours = Not for your role
permission-unavailable = Not available
permission-choose = Grant
permission-grant = Grant
permission-revoke = Revoke
permission-revoked = The permission is revoked, with effect from the next request.
permission-revoke-ask = Revoke a permission of { $app }?
permission-revoke-text = { $app } loses it with the next request. You can grant it again.
permission-revoke-apply = Revoke
permissions-unknown = { $count ->
    [one] It also asks for one permission that does not exist here.
   *[other] It also asks for { $count } permissions that do not exist here.
 }
permissions-grant-all = Grant everything it asks for
permissions-add = Grant other permissions
permissions-add-title = Grant { $app } permissions
permissions-add-lead = Choose what the app is to be allowed. Before anything is granted, you see what it means.
permissions-people-only = What an app may do by itself is granted by a Global Administrator or a Privileged Role Administrator.
permissions-public = This app is a public client: it acts only for people who are signed in.
permissions-nothing-chosen = Choose at least one permission, and go on.
permissions-grant-ask = Grant { $app } these permissions?
permission-grant-people = On behalf of everybody in { $organization } who signs in to it, within what each of them may do. Nobody else is asked.
permission-grant-own = Without anybody signed in, for everything in { $organization }, whenever it likes.
permissions-grant-text = Grant only what you know the app needs. You can revoke each permission later.
permissions-granted = { $count ->
    [0] The app had these permissions before.
    [one] One permission is granted.
   *[other] { $count } permissions are granted.
 }

# Audit log
audit-title = Audit log
admin-audit-text = Who did what, when, and what changed. Search and export it.
audit-lead = Everything that was changed in this organization, or was refused, newest first.
audit-none = Nothing in the log matches.
audit-activity = Activity
audit-time = Time
audit-who = Who
audit-whom = To whom or what
audit-from = From (UTC)
audit-to = Until (UTC)
audit-result = Result
audit-success = Done
audit-failure = Refused
audit-any = All
audit-operator = Operator of the server
audit-server = The server
audit-nobody = Nobody known
audit-erased = A deleted person
audit-looked-to = Searched back to { $until }. Go to the next page to search further.
audit-export = Export
audit-export-text = Everything that matches the filter, newest first, without a limit. The JSON file has the form of Graph. In the CSV file, cells that a spreadsheet could take for a formula begin with an apostrophe.
audit-csv = CSV for a spreadsheet
audit-json = JSON for a program
audit-through = Through the app
audit-reason = Reason
audit-correlation = Correlation ID
audit-id = Record ID
audit-sequence = Place in the log
audit-changes = What changed
audit-property = Property
audit-before = Before
audit-after = After
audit-details = Details
audit-kind-user = User
audit-kind-policy = Policy
audit-kind-group = Group
audit-kind-provider = Identity provider
audit-kind-other = Other
problem-not-a-date = Enter a date as year, month and day, such as 2026-11-21.
