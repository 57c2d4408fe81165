// Posts an event to the unified callback. Run: SECRET=… go run post.go https://gate.example.com
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	now := time.Now()
	body := []byte(fmt.Sprintf(`{"event_id":"order-%d","event_type":"order.paid","timestamp":%d,"data":{"order":"A-17"}}`, now.UnixNano(), now.Unix()))
	mac := hmac.New(sha256.New, []byte(os.Getenv("SECRET")))
	mac.Write(body)
	request, err := http.NewRequest("POST", os.Args[1]+"/api/platform/callback", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(text))
}
