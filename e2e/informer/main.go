// client-go's shared informer on the live connections of one namespace, without resync: what k9s, Headlamp and every controller are made
// of. Each line on standard output is an event of it; SIGUSR1 asks for its store.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

var connections = schema.GroupVersionResource{
	Group: "live.telemetry.longwire.io", Version: "v1alpha1", Resource: "connections",
}

// line is what the test reads.
type line struct {
	Kind string `json:"kind"`
	// Milliseconds since 1970.
	At      int64  `json:"at"`
	Object  any    `json:"object,omitempty"`
	Objects []any  `json:"objects,omitempty"`
	Version string `json:"version,omitempty"`
	Code    int32  `json:"code,omitempty"`
	Error   string `json:"error,omitempty"`
}

// log writes one line at a time; handlers and the reflector have goroutines of their own.
type log struct {
	sync.Mutex
	to *json.Encoder
}

func (log *log) write(said line) {
	said.At = time.Now().UnixMilli()
	log.Lock()
	defer log.Unlock()
	if err := log.to.Encode(said); err != nil {
		os.Exit(1)
	}
}

func (log *log) handler() cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { log.write(line{Kind: "add", Object: object}) },
		UpdateFunc: func(_, object any) { log.write(line{Kind: "update", Object: object}) },
		DeleteFunc: func(object any) {
			// The informer was not watching when it went, and has the last it knows of it.
			if missed, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = missed.Obj
			}
			log.write(line{Kind: "delete", Object: object})
		},
	}
}

func (log *log) failed(err error) {
	said := line{Kind: "error", Error: err.Error()}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		said.Code = status.Status().Code
	}
	log.write(said)
}

func run(kubeconfig, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	log := &log{to: json.NewEncoder(os.Stdout)}
	informer := dynamicinformer.NewFilteredDynamicInformer(client, connections, namespace, 0, cache.Indexers{}, nil).Informer()
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { log.failed(err) }); err != nil {
		return err
	}
	if _, err := informer.AddEventHandler(log.handler()); err != nil {
		return err
	}
	context, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			log.write(line{Kind: "store", Objects: informer.GetStore().List(), Version: informer.LastSyncResourceVersion()})
		}
	}()
	go func() {
		if cache.WaitForCacheSync(context.Done(), informer.HasSynced) {
			log.write(line{Kind: "synced"})
		}
	}()
	informer.RunWithContext(context)
	return nil
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the user's kubeconfig")
	namespace := flag.String("namespace", "", "whose connections")
	flag.Parse()
	if err := run(*kubeconfig, *namespace); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
