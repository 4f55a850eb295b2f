package crud_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

const fiction = "resource \"flagops_toy_shelf\" \"s\" {\n  name = \"Fiction\"\n}\n"

func dune(attributes string) string {
	return fiction + "resource \"flagops_toy_book\" \"b\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Dune\"\n" + attributes + "\n}\n"
}

const theBook, theLoan = "flagops_toy_book.b", "flagops_toy_loan.n"

func emptyPlan() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func value(attribute string, v knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(theBook, tfjsonpath.New(attribute), v)
}

func action(resourceName string, a plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceName, a)}}
}

func sameCalls(t *testing.T, l *library, want ...string) func(*terraform.State) error {
	t.Helper()
	return func(*terraform.State) error {
		if got := l.writes(); !slices.Equal(got, want) {
			return fmt.Errorf("the library saw the writes %q, expected %q", got, want)
		}
		return nil
	}
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	id := statecheck.CompareValue(compare.ValuesSame())
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{
			Config: dune(`pages = 412`),
			ConfigStateChecks: []statecheck.StateCheck{
				value("id", knownvalue.Int64Exact(2)), value("pages", knownvalue.Int64Exact(412)), value("labels", knownvalue.Null()),
				value("deletion_protection", knownvalue.Bool(false)), id.AddStateValue(theBook, tfjsonpath.New("id")),
			},
			Check: sameCalls(t, l, "create shelf Fiction", "create book Dune"),
		},
		{ // in place: content changes, the id is known to stay
			Config: dune("labels = [\"sand\"]\n chapters = { one = { text = \"x\" }, two = {text = \"y\"} }"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(theBook, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(theBook, tfjsonpath.New("id"), knownvalue.Int64Exact(2)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{value("pages", knownvalue.Null()), id.AddStateValue(theBook, tfjsonpath.New("id"))},
			Check:             sameCalls(t, l, "update book Dune -> Dune"),
		},
		{ // a facet given up is left alone and costs no write
			Config:            dune("chapters = { one = { text = \"x\" }, two = {text = \"y\"} }"),
			ConfigStateChecks: []statecheck.StateCheck{value("labels", knownvalue.Null())},
			Check: func(s *terraform.State) error {
				if got := l.books[2].Labels; !slices.Equal(got, []string{"sand"}) {
					return fmt.Errorf("labels are %v", got)
				}
				return sameCalls(t, l)(s)
			},
		},
		{ // drift in a managed attribute is put right, also when nobody looks at the rest
			PreConfig:        func() { b := l.books[2]; b.Pages = new(int64); b.Labels = []string{"other"}; l.books[2] = b },
			Config:           dune("chapters = { one = { text = \"x\" }, two = {text = \"y\"} }"),
			ConfigPlanChecks: action(theBook, plancheck.ResourceActionUpdate),
			Check:            sameCalls(t, l, "update book Dune -> Dune"),
		},
		{ // only what Terraform alone knows: nothing is written
			Config: dune("chapters = { one = { text = \"x\" }, two = {text = \"y\"} }\n deletion_protection = true"),
			Check:  sameCalls(t, l),
		},
		{
			Config: fiction, ExpectError: regexp.MustCompile(`"Dune" is protected`),
		},
		{
			Config: dune("deletion_protection = true") + "", Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)deletion_protection is true.*apply that first`),
		},
		{ // nor does a replacement pass the plan
			Config: strings.Replace(dune("deletion_protection = true"), "flagops_toy_shelf.s.id", "99", 1), PlanOnly: true,
			ExpectError: regexp.MustCompile(`"Dune" is protected`),
		},
		{Config: dune("")},
		{ // deleted outside: gone from state with a warning, made again
			PreConfig:        func() { delete(l.books, 2); l.writes() },
			Config:           dune(""),
			ConfigPlanChecks: action(theBook, plancheck.ResourceActionCreate),
			Check:            sameCalls(t, l, "create book Dune"),
		},
		{ // another parent replaces
			Config: dune("") + "resource \"flagops_toy_shelf\" \"other\" {\n  name = \"Other\"\n}\n",
		},
		{
			Config: "resource \"flagops_toy_shelf\" \"other\" {\n  name = \"Other\"\n}\n" + fiction +
				"resource \"flagops_toy_book\" \"b\" {\n  shelf_id = flagops_toy_shelf.other.id\n  title = \"Dune\"\n}\n",
			ConfigPlanChecks: action(theBook, plancheck.ResourceActionReplace),
		},
		{ // deleted outside and then removed: success
			PreConfig: func() { clear(l.books) },
			Config:    fiction,
			Check: func(*terraform.State) error {
				if len(l.shelves) != 1 {
					return fmt.Errorf("%d shelves are left", len(l.shelves))
				}
				return nil
			},
		},
	}})
}

type planCheck func()

func (f planCheck) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	f()
}

// What Terraform alone knows is written without asking the server, which may have moved on since the plan.
func TestLocalOnly(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: dune("pages = 3")},
		{
			Config: dune("pages = 3\n deletion_protection = true"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func() {
				other, b := int64(5), l.books[2]
				b.Pages = &other
				l.books[2], l.calls = b, nil
			})}},
			ConfigStateChecks: []statecheck.StateCheck{value("pages", knownvalue.Int64Exact(3)), value("deletion_protection", knownvalue.Bool(true))},
			Check: func(*terraform.State) error {
				if len(l.calls) > 0 {
					return fmt.Errorf("called %q", l.calls)
				}
				return nil
			},
			ExpectNonEmptyPlan: true,
		},
		{Config: dune("pages = 3"), ConfigStateChecks: []statecheck.StateCheck{value("pages", knownvalue.Int64Exact(3))}},
	}})
}

func TestImport(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	config := dune("labels = [\"a\"]\n secret = \"s\"")
	byID := func(id string) resource.TestStep {
		return resource.TestStep{ResourceName: theBook, ImportState: true, ImportStateId: id, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "id"}
	}
	refused := func(id, message string) resource.TestStep {
		return resource.TestStep{ResourceName: theBook, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(message)}
	}
	block := func(kind resource.ImportStateKind) resource.TestStep {
		return resource.TestStep{ResourceName: theBook, ImportState: true, ImportStateKind: kind, ImportStateIdFunc: func(*terraform.State) (string, error) {
			if kind == resource.ImportBlockWithID {
				return "1/2", nil
			}
			return "", nil
		}, ImportPlanChecks: emptyPlanChecks()}
	}
	steps := []resource.TestStep{
		{Config: config},
		byID("1/2"), byID("Fiction/Dune"), byID("1/Dune"), byID(`["Fiction", 2]`), byID(`[1, "Dune"]`),
		refused("1", "expected 2 parts"), refused("1/", "a part is empty"), refused(`[1, 2] 3`, "something follows"), refused("Nowhere/2", `no shelf called "Nowhere"`),
		refused("1/Nothing", `there is no flagops_toy_book with shelf_id`), refused(`[1, true]`, "numbers and strings"), refused(`[1`, "not a JSON array"),
		refused(`[1.5, 2]`, "is not an id"),
		block(resource.ImportBlockWithID),
	}
	steps = append(steps, acctest.Steps(t, acctest.Identity, block(resource.ImportBlockWithResourceIdentity))...)
	steps = append(steps,
		resource.TestStep{PreConfig: func() { l.next++; l.books[l.next] = copied(l.books[2], l.next) }, Config: config},
		refused("1/Dune", `(?s)2 flagops_toy_book have .*:\s+1/2, 1/3`))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: steps})
}

func copied(b book, id int64) book { b.ID = id; return b }

func emptyPlanChecks() resource.ImportPlanChecks {
	return resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func TestLoanAdopts(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	lent := func(attributes string) string {
		return dune("") + "resource \"flagops_toy_loan\" \"n\" {\n  shelf_id = flagops_toy_shelf.s.id\n  book_id = flagops_toy_book.b.id\n" + attributes + "\n}\n"
	}
	boom := &rest.Error{Method: "PUT", Path: "/loans/2/", Status: 500, Message: "Server Error", Hint: "Ask the librarian."}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{ // a failed adoption leaves no tainted state
			PreConfig:   func() { l.fail["set loan 2"] = boom },
			Config:      lent("lent = true"),
			ExpectError: regexp.MustCompile(`(?s)Cannot create flagops_toy_loan 1/2.*PUT /loans/2/: 500.*Ask the librarian`),
		},
		{
			PreConfig:        func() { delete(l.fail, "set loan 2"); l.writes() },
			Config:           lent("lent = true"),
			ConfigPlanChecks: action(theLoan, plancheck.ResourceActionCreate),
			Check:            sameCalls(t, l, "set loan 2"),
		},
		{ // the facet nobody manages may drift
			PreConfig: func() { n := l.loanOf(2); reader := "Paul"; n.Reader = &reader; l.loans[2] = n },
			Config:    lent("lent = true"), ConfigPlanChecks: emptyPlan(),
		},
		{ // importing under fewer facets shows what is given up and writes nothing
			ResourceName: theLoan, ImportState: true, ImportStateId: "Fiction/Dune", ImportStateCheck: func(s []*terraform.InstanceState) error {
				if a := s[0].Attributes; a["reader"] != "Paul" || a["lent"] != "true" || a["on_destroy"] != "keep" {
					return fmt.Errorf("imported %v", a)
				}
				return nil
			},
		},
		{Config: lent("lent = true"), Check: sameCalls(t, l)},
		{Config: dune(""), Check: sameCalls(t, l)}, // keep: no write
		{Config: lent("on_destroy = \"reset\""), Check: sameCalls(t, l, "set loan 2")},
		{Config: dune(""), Check: sameCalls(t, l, "reset loan 2")},
	}})
}

// Renaming without moved deletes the old instance before or after its successor was created on the same object.
func TestRenameKeepsObject(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	config := func(label string) string {
		return dune("") + fmt.Sprintf(`resource "flagops_toy_loan" %q {
  shelf_id   = flagops_toy_shelf.s.id
  book_id    = flagops_toy_book.b.id
  lent       = true
  on_destroy = "reset"
}
`, label)
	}
	steps := []resource.TestStep{{Config: config("a")}}
	for i := range 3 {
		steps = append(steps, resource.TestStep{Config: config(fmt.Sprint("k", i)), Check: func(*terraform.State) error {
			if !*l.loanOf(2).Lent {
				return errors.New("the rename switched the live object")
			}
			return nil
		}})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: steps})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: dune("")},
		{ // already there: on the attribute, with a block to paste
			Config: dune("") + "resource \"flagops_toy_book\" \"twin\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Dune\"\n}\n",
			ExpectError: regexp.MustCompile(`(?s)Cannot create flagops_toy_book "Dune".*title = "Dune".*answered 400: That title is taken.*` +
				`import \{\s+to = flagops_toy_book.this\s+id = "1/2"`),
		},
		{ // made, then failed: kept and tainted, so that the next apply replaces it
			PreConfig: func() {
				l.fail["create book Half"] = &rest.PartialError{Err: errors.New("the label printer is broken")}
			},
			Config:      dune("") + "resource \"flagops_toy_book\" \"half\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Half\"\n}\n",
			ExpectError: regexp.MustCompile(`label printer is broken`),
		},
		{
			PreConfig:        func() { clear(l.fail) },
			Config:           dune("") + "resource \"flagops_toy_book\" \"half\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Half\"\n}\n",
			ConfigPlanChecks: action("flagops_toy_book.half", plancheck.ResourceActionReplace),
			Check: func(*terraform.State) error {
				if len(l.books) != 2 {
					return fmt.Errorf("%d books: an orphan or a loss", len(l.books))
				}
				return nil
			},
		},
		{
			Config:      fiction + "resource \"flagops_toy_book\" \"b\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"forbidden\"\n}\n",
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(`(?s)Not that one.*The library refuses it`),
		},
		{ // a failed update keeps what was
			PreConfig:   func() { l.fail["update book Dune -> Dune"] = errors.New("ink is out") },
			Config:      dune("pages = 3"),
			ExpectError: regexp.MustCompile(`(?s)Cannot update flagops_toy_book "Dune".*ink is out\.`),
		},
		{
			PreConfig:         func() { clear(l.fail) },
			Config:            dune("pages = 3"),
			ConfigStateChecks: []statecheck.StateCheck{value("pages", knownvalue.Int64Exact(3))},
		},
		{
			PreConfig:   func() { l.fail["read book 2"] = errors.New("lights out") },
			Config:      dune("pages = 3"),
			ExpectError: regexp.MustCompile(`(?s)Cannot read flagops_toy_book "Dune".*lights out`),
		},
		{
			PreConfig:   func() { clear(l.fail); l.fail["delete book 2"] = errors.New("glued to the shelf") },
			Config:      fiction,
			ExpectError: regexp.MustCompile(`(?s)Cannot delete flagops_toy_book "Dune".*glued to the shelf`),
		},
		{PreConfig: func() { clear(l.fail) }, Config: fiction},
	}})
}

func TestMissingClient(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"resource":    dune(""),
		"data source": "data \"flagops_toy_book\" \"b\" {\n  shelf_id = 1\n  id = 2\n}\n",
		"plural":      "data \"flagops_toy_books\" \"b\" {\n  shelf_id = 1\n}\n",
		"import":      "import {\n  to = flagops_toy_book.b\n  id = \"1/2\"\n}\nresource \"flagops_toy_book\" \"b\" {\n  shelf_id = 1\n  title = \"Dune\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(nil), Steps: []resource.TestStep{
				{Config: config, ExpectError: regexp.MustCompile(`the library is closed: set\s+library.url`)},
			}})
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	secret := func(want string) func(*terraform.State) error {
		return func(*terraform.State) error {
			if got := deref(l.books[2].Secret); got != want {
				return fmt.Errorf("the library holds %q", got)
			}
			return nil
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: dune(`secret = "one"`), Check: secret("one")},
		{Config: dune(""), ConfigPlanChecks: emptyPlan(), Check: secret("one")}, // null keeps
		{ // the write-only twin takes it out of state
			Config: dune("secret_wo = \"two\"\nsecret_wo_version = 1"), Check: secret("two"),
			ConfigStateChecks: []statecheck.StateCheck{value("secret", knownvalue.Null()), value("secret_wo", knownvalue.Null())},
		},
		{Config: dune("secret_wo = \"three\"\nsecret_wo_version = 1"), ConfigPlanChecks: emptyPlan(), Check: secret("two")},
		{Config: dune("secret_wo = \"three\"\nsecret_wo_version = 1\npages = 1"), Check: secret("two")},
		{Config: dune("secret_wo = \"three\"\nsecret_wo_version = 2"), Check: secret("three")},
		{ // and back: it is read again
			Config: dune(""), ConfigStateChecks: []statecheck.StateCheck{value("secret", knownvalue.StringExact("three"))},
		},
		{Config: dune(`secret = ""`), Check: secret("")},
		{Config: dune("secret_wo = \"two\""), ExpectError: regexp.MustCompile(`secret_wo_version`)},
		{Config: dune("secret = \"x\"\nsecret_wo = \"two\"\nsecret_wo_version = 1"), ExpectError: regexp.MustCompile(`cannot be specified`)},
		{Config: dune("")},
	}})
}

func TestDataSources(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	data := func(body string) string {
		return dune("pages = 412\nlabels = [\"sand\"]") + "data \"flagops_toy_book\" \"d\" {\n" + body + "\n}\n"
	}
	found := []statecheck.StateCheck{
		statecheck.ExpectKnownValue("data.flagops_toy_book.d", tfjsonpath.New("id"), knownvalue.Int64Exact(2)),
		statecheck.ExpectKnownValue("data.flagops_toy_book.d", tfjsonpath.New("pages"), knownvalue.Int64Exact(412)),
		statecheck.ExpectKnownValue("data.flagops_toy_book.d", tfjsonpath.New("labels"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("sand")})),
	}
	refused := func(body, message string) resource.TestStep {
		return resource.TestStep{Config: data(body), ExpectError: regexp.MustCompile(message)}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: data("shelf_id = flagops_toy_shelf.s.id\n id = flagops_toy_book.b.id"), ConfigStateChecks: found},
		{Config: data("shelf_id = flagops_toy_shelf.s.id\n title = flagops_toy_book.b.title"), ConfigStateChecks: found},
		refused("shelf_id = 1\n title = \"x\"\n id = 2", "Give id or title, not both"),
		refused("shelf_id = 1", "Give id or title"),
		refused("shelf_id = 1\n title = \"Emma\"", `(?s)No such flagops_toy_book.*title\s*=\s*"Emma"`),
		refused("shelf_id = 1\n id = 99", `(?s)No such flagops_toy_book.*no such\s+book`),
		{
			Config: dune("") + "data \"flagops_toy_books\" \"all\" {\n  shelf_id = flagops_toy_book.b.shelf_id\n}\ndata \"flagops_toy_shelf\" \"only\" {\n  depends_on = [flagops_toy_shelf.s]\n}\ndata \"flagops_toy_shelves\" \"all\" {\n  depends_on = [flagops_toy_shelf.s]\n}\n",
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.flagops_toy_books.all", tfjsonpath.New("books").AtSliceIndex(0).AtMapKey("title"), knownvalue.StringExact("Dune")),
				statecheck.ExpectKnownValue("data.flagops_toy_shelf.only", tfjsonpath.New("name"), knownvalue.StringExact("Fiction")),
				statecheck.ExpectKnownValue("data.flagops_toy_shelves.all", tfjsonpath.New("shelves"), knownvalue.ListSizeExact(1)),
			},
		},
		{
			PreConfig:   func() { l.fail["list books 1"] = errors.New("catalogue lost") },
			Config:      dune("") + "data \"flagops_toy_books\" \"all\" {\n  shelf_id = 1\n}\n",
			ExpectError: regexp.MustCompile(`catalogue lost`),
		},
	}})
}

func TestList(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ListResources)
	l := newLibrary()
	query := func(body string) string {
		return "provider \"flagops\" {}\nlist \"flagops_toy_book\" \"all\" {\n  provider = flagops\n" + body + "\n  config {\n    shelf_id = 1\n  }\n}\n"
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: dune("labels = [\"a\"]") + "resource \"flagops_toy_book\" \"c\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Emma\"\n depends_on = [flagops_toy_book.b]\n}\n"},
		{
			Query: true, Config: query("include_resource = true"),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength("flagops_toy_book.all", 2),
				querycheck.ExpectIdentity("flagops_toy_book.all", map[string]knownvalue.Check{"shelf_id": knownvalue.Int64Exact(1), "id": knownvalue.Int64Exact(2)}),
			},
		},
		{Query: true, Config: query("limit = 1"), QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength("flagops_toy_book.all", 1)}},
		{
			PreConfig: func() { l.fail["list books 1"] = errors.New("catalogue lost") },
			Query:     true, Config: query(""), ExpectError: regexp.MustCompile(`catalogue lost`),
		},
	}})
}

func TestMoved(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	providers := factories(l)
	providers["other"] = providerserver.NewProtocol6WithError(other{})
	volume := func(shelf string, id int64) string {
		return fiction + fmt.Sprintf("resource \"other_volume\" \"v\" {\n  shelf = %q\n  number = %d\n}\n", shelf, id)
	}
	moved := fiction + "moved {\n  from = other_volume.v\n  to = flagops_toy_book.b\n}\nresource \"flagops_toy_book\" \"b\" {\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"Dune\"\n}\n"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers, Steps: []resource.TestStep{
		{
			PreConfig: func() { l.books[7] = book{ShelfID: 1, ID: 7, Title: "Dune", Labels: []string{}} },
			Config:    volume("1", 7),
		},
		{
			Config:            moved,
			ConfigStateChecks: []statecheck.StateCheck{value("id", knownvalue.Int64Exact(7)), value("deletion_protection", knownvalue.Bool(false))},
			Check:             sameCalls(t, l, "create shelf Fiction"), // nothing but the first step's
		},
	}})
	for shelf, message := range map[string]string{"": "the source's state has no shelf", "Fiction": "not configured"} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: providers, Steps: []resource.TestStep{
			{Config: volume(shelf, 7)},
			{Config: moved, ExpectError: regexp.MustCompile(message)},
			{Config: volume(shelf, 7)},
		}})
	}
}

// other is another provider, whose type a book takes over.
type other struct{}

func (other) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "other"
}
func (other) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = pschema.Schema{}
}
func (other) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (other) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (other) Resources(context.Context) []func() fwresource.Resource {
	return []func() fwresource.Resource{func() fwresource.Resource { return volume{} }}
}

type volume struct{}

func (volume) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = "other_volume"
}
func (volume) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"shelf": schema.StringAttribute{Required: true}, "number": schema.Int64Attribute{Required: true},
	}}
}
func (volume) Create(_ context.Context, req fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}
func (volume) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse)       {}
func (volume) Update(context.Context, fwresource.UpdateRequest, *fwresource.UpdateResponse) {}
func (volume) Delete(context.Context, fwresource.DeleteRequest, *fwresource.DeleteResponse) {}

// Writes below one shelf exclude each other, shared ones do not exclude themselves.
func TestLocks(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	config := fiction + "resource \"flagops_toy_book\" \"many\" {\n  count = 12\n  shelf_id = flagops_toy_shelf.s.id\n  title = \"title ${count.index}\"\n}\n"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{{
		Config: config,
		Check: func(*terraform.State) error {
			if l.most != 1 {
				return fmt.Errorf("%d creations at once", l.most)
			}
			return nil
		},
	}}})
}
