package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// failure is an error as the server answers it. Handlers' errors have no id (shape B), those of what comes before a
// handler have one (shape A).
type failure struct {
	status  int
	name    string
	message string
	details []object // nil: the message alone
	id      bool
	more    object // further keys
	raw     object // the whole body, instead of all that
	empty   bool   // no body at all
}

func (f *failure) Error() string { return f.name + ": " + f.message }

func (f *failure) withID() *failure {
	f.id = true
	return f
}

// failed makes the answer of an error. What is no failure is what the server calls an unknown error.
func failed(err error) answer {
	var f *failure
	if !errors.As(err, &f) {
		f = unknown("%s", err)
	}
	switch {
	case f.empty:
		return answer{status: f.status}
	case f.raw != nil:
		return answer{status: f.status, body: f.raw}
	}
	body := object{"name": f.name, "message": f.message, "details": f.details}
	if f.details == nil {
		body["details"] = []object{{"message": f.message}}
	}
	if f.id {
		body["id"] = newUUID()
	}
	for k, v := range f.more {
		body[k] = v
	}
	return answer{status: f.status, body: body}
}

const refused = "Request validation failed: your request body or params contain invalid data"

// badData is a 400 for one reason.
func badData(format string, args ...any) *failure {
	reason := fmt.Sprintf(format, args...)
	return &failure{status: http.StatusBadRequest, name: "BadDataError", message: refused + ": " + reason, details: []object{{"message": reason}}}
}

// detailed is a 400 with a list of reasons; validators write it.
func detailed(reasons ...object) *failure {
	return &failure{status: http.StatusBadRequest, name: "BadDataError",
		message: refused + ". Refer to the `details` list for more information.", details: reasons}
}

// joi is a reason as the validator of that name words it, with the value unless that is empty.
func joi(format string, value any, args ...any) *failure {
	message := fmt.Sprintf(format, args...) + "."
	if text, err := encode(value); err == nil && value != nil && value != "" {
		message += " You provided " + string(text) + "."
	}
	return detailed(object{"message": message})
}

// conforms is the 400 whose reason gets lost on its way out of the server.
func conforms() *failure {
	return badData("A validation error occurred while processing your request data. Please make sure it conforms to the request data schema.")
}

// invalid is the 400 of a body that does not fit the schema of its route.
func invalid(problems []problem) *failure {
	var details []object
	for _, p := range problems {
		details = append(details, object{"message": p.message, "path": p.path})
	}
	return detailed(details...).withID()
}

func notFound(format string, args ...any) *failure {
	return &failure{status: http.StatusNotFound, name: "NotFoundError", message: fmt.Sprintf(format, args...)}
}

// noRoute is the 404 of a path that this edition or version does not have.
func noRoute(path string) *failure {
	return notFound("The path you were looking for (%s) is not available.", path).withID()
}

func nameExists(format string, args ...any) *failure {
	return &failure{status: http.StatusConflict, name: "NameExistsError", message: fmt.Sprintf(format, args...)}
}

func notAllowed(format string, args ...any) *failure {
	return &failure{status: http.StatusForbidden, name: "InvalidOperationError", message: fmt.Sprintf(format, args...)}
}

// unknown is a 500 with whatever text SQL or JavaScript came up with.
func unknown(format string, args ...any) *failure {
	return &failure{status: http.StatusInternalServerError, name: "UnknownError", message: fmt.Sprintf(format, args...)}
}

func exceeds(resource string, limit int) *failure {
	return &failure{status: http.StatusBadRequest, name: "ExceedsLimitError",
		message: fmt.Sprintf("Failed to create %s. You can't create more than the established limit of %d.", resource, limit)}
}

func contentType(sent string) *failure {
	if sent == "" {
		sent = "you didn't provide one"
	}
	return (&failure{status: http.StatusUnsupportedMediaType, name: "ContentTypeError", message: "We do not accept the content-type you provided (" + sent +
		"). Try using one of the content-types we do accept instead (application/json) and make sure the body is in the corresponding format."}).withID()
}

func unauthenticated() *failure {
	return (&failure{status: http.StatusUnauthorized, name: "AuthenticationRequired",
		message: "You must log in to use Unleash. Your request had no authorization header, so we could not authorize you. " +
			"Try logging in at /auth/simple/login",
		more: object{"path": "/auth/simple/login", "type": "password", "defaultHidden": false}}).withID()
}
