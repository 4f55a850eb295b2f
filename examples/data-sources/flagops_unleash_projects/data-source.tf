data "flagops_unleash_projects" "all" {}

output "projects" {
  value = { for project in data.flagops_unleash_projects.all.projects : project.id => project.name }
}
