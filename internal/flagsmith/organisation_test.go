package flagsmith_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

func TestAccOrganisation(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	held := f.Get(fmt.Sprintf("/organisations/%d/", f.OrganisationID))
	plan, _ := held["subscription"].(map[string]any)
	want := map[string]any{
		"id": f.OrganisationID, "uuid": held.Text("uuid"), "name": held.Text("name"), "created_date": held.Text("created_date"), "plan": plan["plan"],
		"num_seats": int64(held["num_seats"].(float64)), "persist_trait_data": held["persist_trait_data"], "force_2fa": held["force_2fa"],
		"webhook_notification_email": held["webhook_notification_email"], "block_access_to_admin": held["block_access_to_admin"],
		"restrict_project_create_to_admin": held["restrict_project_create_to_admin"],
	}
	one := func(body string) string {
		return "data \"flagops_flagsmith_organisation\" \"this\" {\n" + body + "\n}\n"
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.Config(one("")), ConfigStateChecks: values("data.flagops_flagsmith_organisation.this", want)},
		{Config: f.Config(one(fmt.Sprintf("id = %d", f.OrganisationID))), ConfigStateChecks: values("data.flagops_flagsmith_organisation.this", want)},
		{
			Config: f.Config(one(fmt.Sprintf("name = %q", held.Text("name"))) + "data \"flagops_flagsmith_organisations\" \"all\" {}\n"),
			ConfigStateChecks: append(values("data.flagops_flagsmith_organisation.this", want),
				statecheck.ExpectKnownValue("data.flagops_flagsmith_organisations.all", tfjsonpath.New("organisations"), knownvalue.ListPartial(map[int]knownvalue.Check{
					0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": knownvalue.Int64Exact(f.OrganisationID), "name": knownvalue.StringExact(held.Text("name"))}),
				}))),
		},
		{Config: f.Config(one("id = 1\n name = \"x\"")), ExpectError: has("Give id or name, not both")},
		{Config: f.Config(one("name = \"No such organisation\"")), ExpectError: has("No such flagops_flagsmith_organisation", `name = "No such organisation"`)},
		{Config: f.Config(one("id = 99999")), ExpectError: has("Cannot read flagops_flagsmith_organisation 99999", "403", "the token lacks a permission")},
	}})
}

func TestAccOrganisationUser(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	users := f.List(fmt.Sprintf("/organisations/%d/users/", f.OrganisationID))
	held := users[len(users)-1]
	email := held.Text("email")
	want := map[string]any{
		"organisation_id": f.OrganisationID, "id": held.ID(), "email": email, "uuid": held.Text("uuid"), "first_name": held.Text("first_name"),
		"last_name": held.Text("last_name"), "role": held.Text("role"), "date_joined": held.Text("date_joined"), "last_login": held["last_login"],
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: f.Config(fmt.Sprintf(`
data "flagops_flagsmith_organisation_user" "by_email" { email = %[2]q }
data "flagops_flagsmith_organisation_user" "by_id" {
  organisation_id = %[1]d
  id              = %[3]d
}
data "flagops_flagsmith_organisation_users" "all" {}
data "flagops_flagsmith_organisation_users" "again" { organisation_id = %[1]d }
`, f.OrganisationID, email, held.ID())),
			ConfigStateChecks: slices.Concat(values("data.flagops_flagsmith_organisation_user.by_email", want), values("data.flagops_flagsmith_organisation_user.by_id", want),
				[]statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.flagops_flagsmith_organisation_users.all", tfjsonpath.New("organisation_users"), knownvalue.ListSizeExact(len(users))),
					statecheck.ExpectKnownValue("data.flagops_flagsmith_organisation_users.again", tfjsonpath.New("organisation_users").AtSliceIndex(len(users)-1).AtMapKey("email"),
						knownvalue.StringExact(email)),
				}),
		},
		{
			Config:      f.Config("data \"flagops_flagsmith_organisation_user\" \"x\" { email = \"nobody@example.com\" }\n"),
			ExpectError: has("No such flagops_flagsmith_organisation_user", `email = "nobody@example.com"`),
		},
		{
			Config:      f.Config("data \"flagops_flagsmith_organisation_user\" \"x\" { id = 99999 }\n"),
			ExpectError: has("No such flagops_flagsmith_organisation_user", "There is no user 99999"),
		},
		{
			Config:      f.Config("data \"flagops_flagsmith_organisation_users\" \"x\" { organisation_id = 99999 }\n"),
			ExpectError: has("Cannot list flagops_flagsmith_organisation_user", "below an object that does not exist"),
		},
	}})
}

func TestAccUserGroup(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	groups := fmt.Sprintf("/organisations/%d/groups/", f.OrganisationID)
	member := f.List(fmt.Sprintf("/organisations/%d/users/", f.OrganisationID))[0]
	name := f.Name("group")
	add := func() acctest.Object {
		group := f.Post(groups, map[string]any{"name": name, "external_id": nil})
		t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("%s%d/", groups, group.ID()), nil) })
		return group
	}
	group := add()
	f.Post(fmt.Sprintf("%s%d/add-users/", groups, group.ID()), map[string]any{"user_ids": []int64{member.ID()}})
	want := map[string]any{
		"organisation_id": f.OrganisationID, "id": group.ID(), "name": name, "is_default": false, "external_id": nil,
		"users": knownvalue.SetExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
			"id": knownvalue.Int64Exact(member.ID()), "email": knownvalue.StringExact(member.Text("email")), "group_admin": knownvalue.Bool(false),
		})}),
	}
	config := f.Config(fmt.Sprintf(`
data "flagops_flagsmith_user_group" "by_name" { name = %[2]q }
data "flagops_flagsmith_user_group" "by_id" {
  organisation_id = %[1]d
  id              = %[3]d
}
data "flagops_flagsmith_user_groups" "all" {}
output "named" {
  value = [for group in data.flagops_flagsmith_user_groups.all.user_groups : group.id if group.name == %[2]q]
}
`, f.OrganisationID, name, group.ID()))
	var twin acctest.Object
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: config,
			ConfigStateChecks: slices.Concat(values("data.flagops_flagsmith_user_group.by_name", want), values("data.flagops_flagsmith_user_group.by_id", want),
				[]statecheck.StateCheck{statecheck.ExpectKnownOutputValue("named", knownvalue.ListExact([]knownvalue.Check{knownvalue.Int64Exact(group.ID())}))}),
		},
		{ // names are not unique: the ids are what to choose from
			PreConfig:   func() { twin = add() },
			Config:      config,
			ExpectError: has("2 flagops_flagsmith_user_group have", "name one by its id", fmt.Sprintf("%d/%d", f.OrganisationID, group.ID())),
		},
		{
			PreConfig:   func() { f.Delete(fmt.Sprintf("%s%d/", groups, twin.ID())) },
			Config:      f.Config("data \"flagops_flagsmith_user_group\" \"x\" { id = 99999 }\n"),
			ExpectError: has("No such flagops_flagsmith_user_group", "404"),
		},
	}})
}
