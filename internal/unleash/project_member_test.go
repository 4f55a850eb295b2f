package unleash_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

const theMember = "flagops_unleash_project_member.this"

// aUser makes a user outside Terraform and deletes it after the test.
func aUser(t *testing.T, u *acctest.Unleash, name string) int64 {
	t.Helper()
	id := u.Post("/user-admin", map[string]any{"username": name, "email": name + "@Example.com", "name": "Ada", "rootRole": 3, "sendEmail": false}).ID()
	t.Cleanup(func() { u.Send("DELETE", fmt.Sprintf("/user-admin/%d", id), nil) })
	return id
}

func memberConfig(label, project, user, role string) string {
	return fmt.Sprintf("resource \"flagops_unleash_project_member\" %q {\n  project = %q\n  user_id = %v\n  role    = %q\n}\n", label, project, user, role)
}

// rolesAre compares the ids of a user's roles in a project: 4 Owner, 5 Member, 6 Reader.
func rolesAre(u *acctest.Unleash, project string, user int64, want ...int) resourceCheck {
	return func(*terraform.State) error {
		var got []int
		users, _ := u.Get("/projects/" + project + "/access")["users"].([]any)
		for _, each := range users {
			o, _ := each.(map[string]any)
			if acctest.Object(o).ID() != user {
				continue
			}
			roles, _ := o["roles"].([]any)
			for _, role := range roles {
				id, _ := role.(float64)
				got = append(got, int(id))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("user %d has the roles %v in %s, want %v", user, got, project, want)
		}
		return nil
	}
}

func TestAccProjectMember(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	project := aProject(t, u, u.Name("p"))
	ada, other := aUser(t, u, u.Name("ada")), aUser(t, u, u.Name("other"))
	id := fmt.Sprint(ada)
	put := fmt.Sprintf("PUT /projects/%s/users/%d/roles", project, ada)
	give := func(user int64, roles ...int) {
		u.Put(fmt.Sprintf("/projects/%s/users/%d/roles", project, user), map[string]any{"roles": roles})
	}
	config := func(role string) string { return u.Config(memberConfig("this", project, id, role)) }
	empty := resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	imported := func(id string) resource.TestStep {
		return resource.TestStep{ResourceName: theMember, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id, ImportPlanChecks: empty}
	}
	steps := []resource.TestStep{
		{
			PreConfig:         func() { give(other, 4); u.Reset() },
			Config:            config("Member"),
			Check:             resource.ComposeTestCheckFunc(wrote(u, put), rolesAre(u, project, ada, 5), rolesAre(u, project, other, 4)),
			ConfigStateChecks: values(theMember, map[string]any{"project": project, "user_id": ada, "role": "Member"}),
		},
		imported(project + "/" + id), imported(project + "/" + u.Name("ada")), imported(project + "/" + u.Name("ADA") + "@example.COM"),
		{ // another role, in one go
			PreConfig:        u.Reset,
			Config:           config("Reader"),
			ConfigPlanChecks: plans(theMember, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(wrote(u, put), rolesAre(u, project, ada, 6)),
		},
		{ // other roles of the same user stay
			PreConfig:        func() { give(ada, 4, 6) },
			Config:           config("Reader"),
			ConfigPlanChecks: plans(theMember, plancheck.ResourceActionNoop),
		},
		{Config: config("Member"), Check: rolesAre(u, project, ada, 4, 5)},
		{Config: config("Owner"), Check: rolesAre(u, project, ada, 4)}, // which is there already
		{ // exchanged outside: what there is now may be somebody else's, who has it beside
			PreConfig:        func() { give(ada, 6) },
			Config:           config("Owner"),
			ConfigPlanChecks: plans(theMember, plancheck.ResourceActionCreate),
			Check:            rolesAre(u, project, ada, 4, 6),
		},
		{ // taken away outside
			PreConfig:        func() { u.Delete(fmt.Sprintf("/projects/%s/users/%d/roles", project, ada)) },
			Config:           config("Member"),
			ConfigPlanChecks: plans(theMember, plancheck.ResourceActionCreate),
			Check:            rolesAre(u, project, ada, 5),
		},
	}
	steps = append(steps, acctest.Steps(t, acctest.Identity,
		resource.TestStep{ResourceName: theMember, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, ImportPlanChecks: empty},
		resource.TestStep{ResourceName: theMember, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, GenerateConfig: true})...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:             true,
		Config:            fmt.Sprintf("list \"flagops_unleash_project_member\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n  config {\n    project = %q\n  }\n}\n", project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"user_id", &id, "Member (" + project + "/%s)", map[string]any{"role": "Member", "project": project}}},
	})...)
	lost := "no-such-project"
	steps = append(steps,
		resource.TestStep{
			Config: config("Member") + fmt.Sprintf(`
data "flagops_unleash_project_member" "this" {
  project = %q
  user_id = data.flagops_unleash_user.by_name.id
  depends_on = [flagops_unleash_project_member.this]
}
data "flagops_unleash_user" "by_name" {
  username = %q
}
data "flagops_unleash_user" "by_email" {
  email = "%s@example.com"
}
data "flagops_unleash_user" "by_id" {
  id = %d
}
data "flagops_unleash_users" "all" {}
output "ada" {
  value = [for u in data.flagops_unleash_users.all.users : u.root_role if u.id == %d]
}
`, project, u.Name("ada"), u.Name("ada"), ada, ada),
			ConfigStateChecks: slices.Concat(values("data.flagops_unleash_project_member.this", map[string]any{"role": "Member"}),
				values("data.flagops_unleash_user.by_id", map[string]any{"username": u.Name("ada"), "email": u.Name("ada") + "@example.com", "name": "Ada", "root_role": "Viewer"}),
				sameAs("data.flagops_unleash_user.by_id", "data.flagops_unleash_user.by_name", "id", "email", "root_role", "created_at"),
				sameAs("data.flagops_unleash_user.by_id", "data.flagops_unleash_user.by_email", "id", "username"),
				[]statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ada", knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact("Viewer")}))}),
		},
		resource.TestStep{ // it is there already
			Config:      config("Member") + memberConfig("twin", project, id, "Member"),
			ExpectError: has("Cannot create flagops_unleash_project_member", "is Member of project", "import {", `id = "`+project+"/"+id+`"`),
		},
		resource.TestStep{ // a role of one's own for each, of which one goes
			Config: config("Member") + memberConfig("second", project, id, "Reader"),
			Check:  rolesAre(u, project, ada, 5, 6),
		},
		resource.TestStep{
			Config: u.Config(memberConfig("second", project, id, "Owner")),
			Check:  rolesAre(u, project, ada, 4),
		},
		resource.TestStep{Config: config("Member"), Check: rolesAre(u, project, ada, 5)},
		resource.TestStep{Config: config("Boss"), PlanOnly: true, ExpectError: has(`role    = "Boss"`, `Projects have no role "Boss". They have: Owner, Member, Reader.`)},
		resource.TestStep{ // what the server takes without a word
			Config:      config("Member") + memberConfig("lost", lost, id, "Member"),
			ExpectError: has("Cannot create flagops_unleash_project_member", `project = "no-such-project"`, "No project found"),
		},
		resource.TestStep{
			Config:      config("Member") + memberConfig("lost", project, "999999", "Member"),
			ExpectError: has("Cannot create flagops_unleash_project_member", `user_id = 999999`, "There is no user 999999."),
		},
		resource.TestStep{ // another user gets it instead
			Config:           u.Config(memberConfig("this", project, fmt.Sprint(other), "Reader")),
			ConfigPlanChecks: plans(theMember, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(rolesAre(u, project, ada), rolesAre(u, project, other, 4, 6)),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: rolesAre(u, project, other, 4)})
}

// Users are found on every edition.
func TestAccUser(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("ada")
	id := aUser(t, u, name)
	data := func(handles string) string {
		return u.Config("data \"flagops_unleash_user\" \"this\" {\n" + handles + "\n}\n")
	}
	found := func(handle string) resource.TestStep {
		return resource.TestStep{Config: data(handle), ConfigStateChecks: values("data.flagops_unleash_user.this", map[string]any{"id": id, "username": name, "email": name + "@example.com"})}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		found(fmt.Sprintf("username = %q", name)), found(fmt.Sprintf("email = \"%s@example.com\"", name)), found(fmt.Sprintf("id = %d", id)),
		{Config: data(fmt.Sprintf("id = 1\n  username = %q", name)), ExpectError: has("Give id or username, not both.")},
		{Config: data(`username = "nobody"`), ExpectError: has(`username = "nobody"`, `there is no flagops_unleash_user with username = "nobody"`)},
		{Config: data(`id = 999999`), ExpectError: has("There is no user 999999")},
	}})
}
