# By project and the user's e-mail address, user name or number.
terraform import flagops_unleash_project_member.admin shop/admin
terraform import flagops_unleash_project_member.admin shop/ada@example.com
terraform import flagops_unleash_project_member.admin shop/1
