package acctest

import (
	"encoding/json"
	"os"
	"os/exec"
	"sync"
	"testing"

	goversion "github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// Capability is something that not every CLI can do.
type Capability struct{ what, since string }

// What the CLIs differ in. OpenTofu 1.11 has none of these.
var (
	Identity      = Capability{"import by identity, identity checks", "1.12.0"}
	ListResources = Capability{"list resources (terraform query)", "1.14.0"}
)

var cli = sync.OnceValues(func() (product string, version *goversion.Version) {
	out, err := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version", "-json").Output() //nolint:gosec // the CLI under test
	if err != nil {
		return "", nil
	}
	var v struct {
		Terraform string `json:"terraform_version"`
	}
	_ = json.Unmarshal(out, &v)
	version, _ = goversion.NewVersion(v.Terraform)
	product = "Terraform"
	if help, _ := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version").Output(); len(help) > 8 && string(help[:8]) == "OpenTofu" { //nolint:gosec // as above
		product = "OpenTofu"
	}
	return product, version
})

// The testing framework names providers by Terraform's registry unless told otherwise; OpenTofu looks for them in its own.
func init() {
	if product, _ := cliUnderTest(); product == "OpenTofu" {
		_ = os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
		_ = os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "hashicorp")
	}
}

func cliUnderTest() (string, *goversion.Version) {
	if os.Getenv("TF_ACC") == "" {
		return "", nil
	}
	return cli()
}

// Can says whether the CLI under test has a capability.
func Can(c Capability) bool {
	product, version := cliUnderTest()
	return product == "Terraform" && version != nil && version.Core().GreaterThanOrEqual(goversion.Must(goversion.NewVersion(c.since)))
}

// Needs skips a test that the CLI cannot run, in words that .ci/run collects into a table.
func Needs(t testing.TB, c Capability) {
	t.Helper()
	if os.Getenv("TF_ACC") != "" && !Can(c) {
		t.Skipf("needs Terraform >= %s: %s", c.since, c.what)
	}
}

// Steps returns the steps if the CLI can run them, and otherwise says that it left them out.
func Steps(t testing.TB, c Capability, steps ...resource.TestStep) []resource.TestStep {
	t.Helper()
	if os.Getenv("TF_ACC") != "" && !Can(c) {
		t.Logf("needs Terraform >= %s: %s (%d steps of this test left out)", c.since, c.what, len(steps))
		return nil
	}
	return steps
}
