package crud_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// library is the toy backend: shelves hold books; every book has a loan, which always exists.
type library struct {
	mu      sync.Mutex
	shelves map[int64]shelf
	books   map[int64]book
	loans   map[int64]loan
	notes   []note
	next    int64
	calls   []string // what was called, as "create book Dune"
	fail    map[string]error
	inside  int // writes under way
	most    int // most writes under way at once
}

type shelf struct {
	ID   int64
	Name string
}

type book struct {
	ShelfID, ID int64
	Title       string
	Pages       *int64
	Labels      []string // nil: leave alone
	Secret      *string  // nil: leave alone
	Chapters    map[string]chapter
}

type chapter struct{ Text string }

type loan struct {
	ShelfID, BookID int64
	Lent            *bool
	Reader          *string
}

func newLibrary() *library {
	return &library{shelves: map[int64]shelf{}, books: map[int64]book{}, loans: map[int64]loan{}, fail: map[string]error{}}
}

func (l *library) enter(format string, args ...any) (func(), error) {
	call := fmt.Sprintf(format, args...)
	l.mu.Lock()
	l.calls = append(l.calls, call)
	return l.mu.Unlock, l.fail[call]
}

// writes forgets the calls so far and returns those that wrote.
func (l *library) writes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	writes := slices.DeleteFunc(slices.Clone(l.calls), func(c string) bool { return strings.HasPrefix(c, "read") || strings.HasPrefix(c, "list") })
	l.calls = nil
	return writes
}

func gone(what string) error {
	return &rest.Error{Method: http.MethodGet, Path: "/" + what + "/", Status: http.StatusNotFound, Message: "no such " + what, Kind: rest.ErrNotFound}
}

func (l *library) Resolve(_ context.Context, attribute string, _ map[string]int64, name string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch attribute {
	case "shelf_id":
		for id, s := range l.shelves {
			if s.Name == name {
				return id, nil
			}
		}
	case "book_id":
		for id, b := range l.books {
			if b.Title == name {
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("there is no %s called %q", strings.TrimSuffix(attribute, "_id"), name)
}

func (l *library) CreateShelf(_ context.Context, s shelf) (shelf, error) {
	done, err := l.enter("create shelf %s", s.Name)
	defer done()
	if err != nil {
		return s, err
	}
	l.next++
	s.ID = l.next
	l.shelves[s.ID] = s
	return s, nil
}

func (l *library) Shelf(_ context.Context, s shelf) (shelf, error) {
	done, err := l.enter("read shelf %d", s.ID)
	defer done()
	if got, ok := l.shelves[s.ID]; ok {
		return got, err
	}
	return s, gone("shelf")
}

func (l *library) DeleteShelf(_ context.Context, s shelf) error {
	done, err := l.enter("delete shelf %d", s.ID)
	defer done()
	delete(l.shelves, s.ID)
	return err
}

func (l *library) Shelves(_ context.Context, _ shelf) iter.Seq2[shelf, error] {
	done, err := l.enter("list shelves")
	defer done()
	var all []shelf
	for _, s := range l.shelves {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b shelf) int { return int(a.ID - b.ID) })
	return sequence(all, err)
}

func sequence[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range all {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

func (l *library) CreateBook(_ context.Context, b book) (book, error) {
	l.mu.Lock()
	l.inside++
	l.most = max(l.most, l.inside)
	l.mu.Unlock()
	defer func() { l.mu.Lock(); l.inside--; l.mu.Unlock() }()
	done, err := l.enter("create book %s", b.Title)
	defer done()
	for _, other := range l.books {
		if other.Title == b.Title && other.ShelfID == b.ShelfID && err == nil {
			return b, &rest.Error{Method: "POST", Path: "/books/", Status: 400, Message: "title: taken", Fields: map[string][]string{"heading": {"That title is taken."}}, Kind: rest.ErrExists}
		}
	}
	var partial *rest.PartialError
	if err != nil && !asPartial(err, &partial) {
		return b, err
	}
	l.next++
	b.ID = l.next
	l.books[b.ID] = b
	return b, err
}

func asPartial(err error, target **rest.PartialError) bool {
	return errors.As(err, target)
}

func (l *library) Book(_ context.Context, b book) (book, error) {
	done, err := l.enter("read book %d", b.ID)
	defer done()
	if err != nil {
		return b, err
	}
	if got, ok := l.books[b.ID]; ok && got.ShelfID == b.ShelfID {
		return got, nil
	}
	return b, gone("book")
}

func (l *library) UpdateBook(_ context.Context, prior, want book) (book, error) {
	done, err := l.enter("update book %s -> %s", prior.Title, want.Title)
	defer done()
	got, ok := l.books[prior.ID]
	if !ok || err != nil {
		if err == nil {
			err = gone("book")
		}
		return want, err
	}
	got.Title, got.Pages, got.Chapters = want.Title, want.Pages, want.Chapters
	if want.Labels != nil {
		got.Labels = want.Labels
	}
	if want.Secret != nil {
		got.Secret = want.Secret
	}
	l.books[prior.ID] = got
	return got, nil
}

func (l *library) DeleteBook(_ context.Context, b book) error {
	done, err := l.enter("delete book %d", b.ID)
	defer done()
	if err != nil {
		return err
	}
	if _, ok := l.books[b.ID]; !ok {
		return gone("book")
	}
	delete(l.books, b.ID)
	return nil
}

func (l *library) Books(_ context.Context, within book) iter.Seq2[book, error] {
	done, err := l.enter("list books %d", within.ShelfID)
	defer done()
	var all []book
	for _, b := range l.books {
		if b.ShelfID == within.ShelfID {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b book) int { return int(a.ID - b.ID) })
	return sequence(all, err)
}

func (l *library) loanOf(id int64) loan {
	if got, ok := l.loans[id]; ok {
		return got
	}
	no, reader := false, ""
	return loan{ShelfID: l.books[id].ShelfID, BookID: id, Lent: &no, Reader: &reader}
}

func (l *library) Loan(_ context.Context, n loan) (loan, error) {
	done, err := l.enter("read loan %d", n.BookID)
	defer done()
	if _, ok := l.books[n.BookID]; !ok {
		return n, gone("loan")
	}
	return l.loanOf(n.BookID), err
}

func (l *library) SetLoan(_ context.Context, n loan) (loan, error) {
	done, err := l.enter("set loan %d", n.BookID)
	defer done()
	if err != nil {
		return n, err
	}
	got := l.loanOf(n.BookID)
	if n.Lent != nil {
		got.Lent = n.Lent
	}
	if n.Reader != nil {
		got.Reader = n.Reader
	}
	l.loans[n.BookID] = got
	return got, nil
}

func (l *library) ResetLoan(_ context.Context, n loan) error {
	done, err := l.enter("reset loan %d", n.BookID)
	defer done()
	delete(l.loans, n.BookID)
	return err
}

type shelfModel struct {
	ID   *int64 `tfsdk:"id"`
	Name string `tfsdk:"name"`
}

var shelves = crud.Spec[*library, shelfModel, shelf]{
	Name: "toy_shelf", Key: []string{"id"}, Lookup: []string{"name"}, Plural: "toy_shelves",
	Schema: schema.Schema{MarkdownDescription: "A shelf.", Attributes: map[string]schema.Attribute{
		"id": crud.ID("Id."),
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
	}},
	ToAPI: func(m *shelfModel) shelf { return shelf{ID: number(m.ID), Name: m.Name} },
	FromAPI: func(m *shelfModel, s shelf) {
		m.ID, m.Name = &s.ID, s.Name
	},
	Create: (*library).CreateShelf, Read: (*library).Shelf, Delete: (*library).DeleteShelf, List: (*library).Shelves,
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

type bookModel struct {
	ShelfID            int64                   `tfsdk:"shelf_id"`
	ID                 *int64                  `tfsdk:"id"`
	Title              string                  `tfsdk:"title"`
	Pages              *int64                  `tfsdk:"pages"`
	Labels             []string                `tfsdk:"labels"`
	Chapters           map[string]chapterModel `tfsdk:"chapters"`
	Secret             *string                 `tfsdk:"secret"`
	SecretWO           *string                 `tfsdk:"secret_wo"`
	SecretWOVersion    *int64                  `tfsdk:"secret_wo_version"`
	DeletionProtection *bool                   `tfsdk:"deletion_protection"`
}

type chapterModel struct {
	Text *string `tfsdk:"text"`
}

var books = crud.Spec[*library, bookModel, book]{
	Name: "toy_book", Key: []string{"shelf_id", "id"}, Lookup: []string{"shelf_id", "title"}, Plural: "toy_books",
	Schema: schema.Schema{MarkdownDescription: "A book.", Attributes: crud.Secret(map[string]schema.Attribute{
		"shelf_id": crud.Parent("Shelf."),
		"id":       crud.ID("Id."),
		"title":    schema.StringAttribute{Required: true, MarkdownDescription: "Title."},
		"pages":    schema.Int64Attribute{Optional: true, MarkdownDescription: "Pages."},
		"labels":   schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Labels."},
		"chapters": schema.MapNestedAttribute{Optional: true, MarkdownDescription: "Chapters.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"text": schema.StringAttribute{Optional: true, MarkdownDescription: "Text."},
			}}},
		"deletion_protection": crud.DeletionProtection("book"),
	}, "secret", "Secret.")},
	ToAPI: func(m *bookModel) book {
		b := book{ShelfID: m.ShelfID, ID: number(m.ID), Title: m.Title, Pages: m.Pages, Labels: m.Labels, Secret: m.Secret}
		if m.SecretWO != nil {
			b.Secret = m.SecretWO
		}
		if m.Chapters != nil {
			b.Chapters = map[string]chapter{}
			for name, c := range m.Chapters {
				b.Chapters[name] = chapter{Text: deref(c.Text)}
			}
		}
		return b
	},
	FromAPI: func(m *bookModel, b book) {
		m.ShelfID, m.ID, m.Title, m.Pages, m.Secret = b.ShelfID, &b.ID, b.Title, b.Pages, b.Secret
		if m.Labels = b.Labels; m.Labels == nil {
			m.Labels = []string{}
		}
		m.Chapters = nil
		if b.Chapters != nil {
			m.Chapters = map[string]chapterModel{}
			for name, c := range b.Chapters {
				m.Chapters[name] = chapterModel{Text: &c.Text}
			}
		}
	},
	Create: (*library).CreateBook, Read: (*library).Book, Update: (*library).UpdateBook, Delete: (*library).DeleteBook, List: (*library).Books,
	Facets: []string{"labels"},
	Local:  []string{"deletion_protection"},
	Check: func(_ context.Context, c crud.Check[*library, bookModel]) (diags diag.Diagnostics) {
		if c.Plan.Title == "forbidden" {
			diags.AddAttributeError(path.Root("title"), "Not that one", "The library refuses it.")
		}
		if c.Replace && c.Prior != nil {
			diags.AddWarning("Replacing "+c.Prior.Title, "Its loan is lost.")
		}
		return diags
	},
	Lock: func(b book) (string, bool) {
		return fmt.Sprintf("shelf/%d", b.ShelfID), strings.HasPrefix(b.Title, "shared")
	},
	Fields: map[string]string{"heading": "title"},
	Moved:  []crud.Moved{{Provider: "hashicorp/other", Type: "other_volume", Key: map[string]string{"shelf_id": "shelf", "id": "number"}}},
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

type loanModel struct {
	ShelfID   int64   `tfsdk:"shelf_id"`
	BookID    int64   `tfsdk:"book_id"`
	Lent      *bool   `tfsdk:"lent"`
	Reader    *string `tfsdk:"reader"`
	OnDestroy *string `tfsdk:"on_destroy"`
}

var lending = crud.Spec[*library, loanModel, loan]{
	Name: "toy_loan", Key: []string{"shelf_id", "book_id"}, Adopts: true,
	Schema: schema.Schema{MarkdownDescription: "A loan.", Attributes: map[string]schema.Attribute{
		"shelf_id":   crud.Parent("Shelf."),
		"book_id":    crud.Parent("Book."),
		"lent":       schema.BoolAttribute{Optional: true, MarkdownDescription: "Lent."},
		"reader":     schema.StringAttribute{Optional: true, MarkdownDescription: "Reader."},
		"on_destroy": crud.OnDestroy("keeps the loan", "ends it"),
	}},
	ToAPI: func(m *loanModel) loan {
		return loan{ShelfID: m.ShelfID, BookID: m.BookID, Lent: m.Lent, Reader: m.Reader}
	},
	FromAPI: func(m *loanModel, n loan) {
		m.ShelfID, m.BookID, m.Lent, m.Reader = n.ShelfID, n.BookID, n.Lent, n.Reader
	},
	Create: (*library).SetLoan, Read: (*library).Loan, Delete: (*library).ResetLoan,
	Update: func(l *library, ctx context.Context, _, want loan) (loan, error) { return l.SetLoan(ctx, want) },
	Facets: []string{"lent", "reader"}, Local: []string{"on_destroy"},
	Claims: func(m *loanModel) (c crud.Claim) { // readers have quiet notes and posters on the wall at their names
		if m.Reader != nil {
			c.What, c.Holds = "wall at "+*m.Reader, []any{false}
		}
		return c
	},
}

// toy is the provider around the specs. Its client is missing when library is nil.
type toy struct{ library *library }

func (p toy) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "flagops"
}

func (p toy) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = pschema.Schema{}
}

func (p toy) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := crud.NewData(p.library)
	if p.library == nil {
		data = crud.NewData(crud.Missing[*library]{Reason: "the library is closed: set library.url"})
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

var toys = []crud.Object{shelves, books, lending, notes, poster, shares}

func (p toy) Resources(context.Context) (all []func() resource.Resource) {
	for _, o := range toys {
		all = append(all, o.Resources()...)
	}
	return all
}

func (p toy) DataSources(context.Context) (all []func() datasource.DataSource) {
	for _, o := range toys {
		all = append(all, o.DataSources()...)
	}
	return all
}

func (p toy) ListResources(context.Context) (all []func() list.ListResource) {
	for _, o := range toys {
		all = append(all, o.ListResources()...)
	}
	return all
}

func factories(l *library) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"flagops": providerserver.NewProtocol6WithError(toy{library: l})}
}

func TestSelfCheck(t *testing.T) {
	t.Parallel()
	for _, o := range toys {
		for _, err := range o.SelfCheck(context.Background()) {
			t.Error(err)
		}
	}
}
